import { seededRandom } from '../seeded-random.ts';
import type { PresentImage } from './peer-host.ts';

/** A way of choosing images that is not Sideband's. */
export interface Peer {
  readonly name: string;
  /** For the reader of the table. */
  readonly means: string;
  /** The idle image that ranks least goes first; among equals, the one pulled first. */
  readonly rank: (image: PresentImage) => number;
  readonly evicts: /** Above the high mark, until the low mark. */
    | { readonly when: 'high'; readonly until: 'low' }
    /** Above the high mark, everything idle. */
    | { readonly when: 'high'; readonly until: 'empty' }
    /** By the clock, whatever the disk says: every idle image pulled at least one such interval ago. */
    | { readonly when: 'clock'; readonly everySeconds: number };
}

const DAY_SECONDS = 86_400;
const BETWEEN_MARKS = { when: 'high', until: 'low' } as const;

export const PEERS: readonly Peer[] = [
  {
    name: 'last use',
    means: 'the oldest last use first, by a watcher that never missed an event: the reference',
    rank: (image) => image.usedAt,
    evicts: BETWEEN_MARKS,
  },
  {
    name: 'last pull',
    means: 'the oldest pull first: what a tool without events can know',
    rank: (image) => image.pulledAt,
    evicts: BETWEEN_MARKS,
  },
  {
    name: 'biggest first',
    means: 'the image with the most bytes first, shared or not',
    rank: (image) => -image.bytes,
    evicts: BETWEEN_MARKS,
  },
  {
    name: 'prune all',
    means: 'above the high mark, everything that no job uses at that moment',
    rank: (image) => image.pulledAt,
    evicts: { when: 'high', until: 'empty' },
  },
  {
    name: 'daily, 24 h',
    means: 'a daily cron that prunes what was pulled 24 h ago or earlier and is not in use; no marks',
    rank: (image) => image.pulledAt,
    evicts: { when: 'clock', everySeconds: DAY_SECONDS },
  },
];

/** Any idle image, by dice. */
export function randomPeer(seed: number): Peer {
  return {
    name: 'random',
    means: 'any image that no job uses; the median of 21 seeds by bytes re-pulled',
    rank: seededRandom(seed),
    evicts: BETWEEN_MARKS,
  };
}
