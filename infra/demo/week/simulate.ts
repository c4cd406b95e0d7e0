import type { Week } from './load-week.ts';

export interface SimulatedPolicy {
  readonly capacityBytes: number;
  /** Shares of the capacity: above `high` after an event, evict until at most `low`. */
  readonly high: number;
  readonly low: number;
  /** What an image ranks by: its last use, or its last pull. */
  readonly rankBy: 'use' | 'pull';
}

export type SimulatedStep = readonly ['pull' | 'evict', number];

export interface Simulated {
  readonly sequence: readonly SimulatedStep[];
  readonly pulls: number;
  readonly repulls: number;
  readonly bytesPulled: number;
  /** Bytes pulled beyond each layer's first pull. */
  readonly bytesRepulled: number;
  /** Pulls that met a full budget, so that images had to go before them. */
  readonly fullBeforePull: number;
}

/** An image is pinned this long after its latest use: the length of the modelled job. */
export const JOB_SECONDS = 900;

/**
 * What a cleaner with this policy does with the week: the rules of the data's README, one event after the
 * other, with nothing but the unique layer bytes of the images present counting as used.
 */
export function simulate(week: Week, policy: SimulatedPolicy): Simulated {
  const rank = new Map<number, number>();
  const lastUse = new Map<number, number>();
  const references = new Map<number, number>();
  const pulledImages = new Set<number>();
  const pulledLayers = new Set<number>();
  const sequence: SimulatedStep[] = [];
  let used = 0;
  let repulls = 0;
  let bytesPulled = 0;
  let bytesRepulled = 0;
  let fullBeforePull = 0;

  const layersOf = (image: number): readonly number[] => week.images.get(image)?.layers ?? [];
  const bytesOf = (layer: number): number => week.layerBytes.get(layer) ?? 0;
  const absent = (image: number): readonly number[] =>
    layersOf(image).filter((layer) => (references.get(layer) ?? 0) === 0);
  const sum = (layers: readonly number[]): number =>
    layers.reduce((total, layer) => total + bytesOf(layer), 0);

  const evictLeast = (now: number): boolean => {
    let least: number | undefined;
    for (const [image, key] of rank) {
      if (now - (lastUse.get(image) ?? 0) < JOB_SECONDS) continue;
      if (least === undefined || key < (rank.get(least) ?? 0)) least = image;
    }
    if (least === undefined) return false;
    rank.delete(least);
    for (const layer of layersOf(least)) references.set(layer, (references.get(layer) ?? 0) - 1);
    used -= sum(absent(least));
    sequence.push(['evict', least]);
    return true;
  };

  const pull = (image: number, now: number): void => {
    if (used + sum(absent(image)) > policy.capacityBytes) fullBeforePull += 1;
    while (used + sum(absent(image)) > policy.capacityBytes && evictLeast(now));
    const missing = absent(image);
    used += sum(missing);
    bytesPulled += sum(missing);
    bytesRepulled += sum(missing.filter((layer) => pulledLayers.has(layer)));
    if (pulledImages.has(image)) repulls += 1;
    pulledImages.add(image);
    for (const layer of missing) pulledLayers.add(layer);
    for (const layer of layersOf(image)) references.set(layer, (references.get(layer) ?? 0) + 1);
    rank.set(image, now);
    sequence.push(['pull', image]);
  };

  for (const { atSeconds, image } of week.events) {
    if (!rank.has(image)) pull(image, atSeconds);
    lastUse.set(image, atSeconds);
    if (policy.rankBy === 'use') rank.set(image, atSeconds);
    if (used <= policy.high * policy.capacityBytes) continue;
    while (used > policy.low * policy.capacityBytes && evictLeast(atSeconds));
  }
  const pulls = sequence.filter(([step]) => step === 'pull').length;
  return { sequence, pulls, repulls, bytesPulled, bytesRepulled, fullBeforePull };
}
