import { compareBytes } from '@sideband/shared/evidence/merge';

/** A map of which only the newest entries are kept. An entry's time may only move forward. */
export interface Newest<K extends string | number, V> {
  /** A few more than the bound until `trim`. */
  readonly map: ReadonlyMap<K, V>;
  /** Whether an entry that is not there, or no more, may be among the newest. */
  admits(at: number): boolean;
  set(key: K, value: V): void;
  /** Among equals those stay that Redis would let stay. */
  trim(): void;
}

export function createNewest<K extends string | number, V>(
  bound: number,
  timeOf: (value: V) => number,
): Newest<K, V> {
  const map = new Map<K, V>();
  // Sorting at every new entry would make a full host quadratic: at 20,000 entries it is done once in 1,000.
  const most = bound + Math.ceil(bound / 20);
  let oldestKept = Number.NEGATIVE_INFINITY;

  function trim(): void {
    if (map.size <= bound) return;
    const ranked = [...map].sort(
      ([a, x], [b, y]) => timeOf(x) - timeOf(y) || compareBytes(String(a), String(b)),
    );
    const surplus = ranked.length - bound;
    for (const [key] of ranked.slice(0, surplus)) map.delete(key);
    const oldest = ranked[surplus];
    if (oldest !== undefined) oldestKept = timeOf(oldest[1]);
  }

  return {
    map,
    admits: (at) => at >= oldestKept,
    set: (key, value) => {
      map.set(key, value);
      if (map.size > most) trim();
    },
    trim,
  };
}

/** As the newest; the oldest goes where there are more than `bound`. */
export function setLast<K, V>(map: Map<K, V>, key: K, value: V, bound: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= bound) return;
    map.delete(oldest);
  }
}

/** As the newest; the oldest goes where there are more than `bound`. */
export function addLast<T>(set: Set<T>, item: T, bound: number): void {
  set.delete(item);
  set.add(item);
  for (const oldest of set) {
    if (set.size <= bound) return;
    set.delete(oldest);
  }
}
