import type { Millis } from '@sideband/shared/clock';
import type { ImageId } from '../engine/port.ts';

/** Which images were on the host, as far as that is known without a gap. Times are by the machine's clock. */
export interface KnownImages {
  /** All images there are, as listed at that moment. */
  list(ids: Iterable<ImageId>, at: Millis): void;
  come(id: ImageId, at: Millis): void;
  go(id: ImageId): void;
  /**
   * Whether an image came with what happened at that moment: it was not there before, though a list may have shown it
   * since (Podman tells of a pull 250 ms after its end, with the time of its start). False also where it cannot be said.
   */
  cameWith(id: ImageId, at: Millis): boolean;
  /** Images may have come unseen. */
  forget(): void;
}

/** Ten times the images of a crowded host; with more, no image is said to be new. */
const MAX_KNOWN = 20_000;
const BEFORE_ALL = Number.NEGATIVE_INFINITY;

export function createKnownImages(): KnownImages {
  /** Since when each is known to be here. */
  let known: Map<ImageId, number> | undefined;
  return {
    list: (ids, at) => {
      const before = known;
      const since = (id: ImageId): number => before?.get(id) ?? (before === undefined ? BEFORE_ALL : at);
      known = new Map([...ids].map((id) => [id, since(id)]));
    },
    come: (id, at) => {
      if (known?.has(id) === false) known.set(id, at);
    },
    go: (id) => void known?.delete(id),
    cameWith: (id, at) =>
      known !== undefined && known.size <= MAX_KNOWN && (known.get(id) ?? Number.POSITIVE_INFINITY) >= at,
    forget: () => {
      known = undefined;
    },
  };
}
