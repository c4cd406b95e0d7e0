import type { Millis } from '@sideband/shared/clock';
import type { ProjectMemory } from './poll-memory.ts';

/** How far a poll reads one project. */
interface Reach {
  /** No job created before this is looked at. */
  readonly lookBack: Millis;
  /** The list of open jobs is read; otherwise the list of all jobs has every one that matters. */
  readonly readsOpen: boolean;
  /** The list of all jobs is read down to the first one created before this … */
  readonly since: Millis;
  /** … that also has no higher id than this. */
  readonly upToId: number;
  /** What was created before `since` is left to the back-fill, down to this. Undefined: nothing is. */
  readonly leftDownTo: Millis | undefined;
}

/**
 * GitLab gives out ids before it commits: one lower than those in a list can still appear for a while. It was created
 * after that list was read, or so little before it.
 */
export const LATE_ID_MS = 3_600_000;
/** At the first meeting the jobs of the last two hours are looked up at once, the older ones behind what happens now. */
const FIRST_MS = 2 * 3_600_000;
/** After an absence: two days at once. In a large fleet that can be a million events, a gigabyte in Redis. */
const CATCH_UP_MS = 2 * 86_400_000;

export function reachOf(
  last: ProjectMemory | undefined,
  now: Millis,
  { lookBackMs, backFillMs }: { readonly lookBackMs: number; readonly backFillMs: number },
): Reach {
  // A poll that is late looks further back, so that nothing grows too old between two of them.
  const lookBack = (Math.min(now, last?.begunAt ?? now) - lookBackMs) as Millis;
  const within = (at: number): Millis => Math.max(at, lookBack) as Millis;
  const anyId = Number.POSITIVE_INFINITY;

  if (last === undefined) {
    const leftDownTo = (now - backFillMs) as Millis;
    return { lookBack, readsOpen: true, since: within(now - FIRST_MS), upToId: anyId, leftDownTo };
  }
  if (last.unsettled === undefined) {
    return { lookBack, readsOpen: false, since: lookBack, upToId: anyId, leftDownTo: undefined };
  }
  const since = within(last.begunAt - LATE_ID_MS);
  if (now - since > CATCH_UP_MS) {
    return { lookBack, readsOpen: true, since: within(now - CATCH_UP_MS), upToId: anyId, leftDownTo: since };
  }
  // Those from before the look-back are in the list of running jobs.
  const open = [...last.unsettled.open].filter(([, createdAt]) => createdAt >= lookBack);
  const isYoung = open.every(([, createdAt]) => createdAt >= since);
  // An id can be lower than that of a job created before: all the open ones have to be come by.
  const upToId = isYoung
    ? open.reduce((lowest, [id]) => Math.min(lowest, id - 1), last.highest)
    : last.highest;
  return { lookBack, readsOpen: !isYoung, since, upToId, leftDownTo: undefined };
}
