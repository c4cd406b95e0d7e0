import type { Week } from '@sideband/infra/demo/week/load-week';

export const MINUTE = 60;
export const HOUR = 3_600;

/** A made-up week: `images` says how many bytes each image's only layer has; each event is a time and an image. */
export function aWeek(
  images: Readonly<Record<number, number>>,
  events: readonly (readonly [atSeconds: number, image: number])[],
): Week {
  const sizes = Object.entries(images).map(([image, bytes]) => [Number(image), bytes] as const);
  return {
    events: events.map(([atSeconds, image]) => ({ atSeconds, image, jobs: 1 })),
    images: new Map(sizes.map(([image]) => [image, { reference: `image-${image}:1`, layers: [image] }])),
    layerBytes: new Map(sizes),
    predicted: [],
  };
}
