import type { Log } from '@sideband/shared/log';

/** Kinds that are told apart; an engine of strangers' words must not fill our memory. */
const KINDS_LIMIT = 32;

export interface Oddities {
  note(kind: string): void;
}

/** Counts lines that are not understood, and logs each kind the 1st, 2nd, 4th, 8th … time. */
export function createOddities(log: Log): Oddities {
  const counts = new Map<string, number>();
  return {
    note(kind) {
      const key = counts.has(kind) || counts.size < KINDS_LIMIT ? kind : 'another';
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (Number.isInteger(Math.log2(count))) {
        log.warn({ kind: key, count }, 'The engine tells of something that is not understood');
      }
    },
  };
}
