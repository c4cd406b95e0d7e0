import { type Clock, type Millis, msLeft } from '@sideband/shared/clock';
import { type HookSource, hookPath } from './hook-secret.ts';
import type { HookAddress } from './hook-source.ts';

const WINDOW_MS = 60_000;
/** As many as requests are counted of; the one that began first makes room. */
const MOST_SOURCES = 5_000;
/**
 * A maintainer can make GitLab send any body, each with 2,000 jobs that there are not. Five of the largest pipelines at
 * once are within the limit, and a tenth of what may wait to be resolved.
 */
const OF_PROJECT = 10_000;
/** Their secrets are an owner's or an administrator's; still no hook alone fills within a minute what may wait. */
const OF_MANY = 50_000;

/** Whether a hook's address may tell of so many events more. `now-over`: for the first time since it might. */
type Allowance = 'within' | 'now-over' | 'over';

interface Count {
  readonly since: Millis;
  events: number;
  isOver: boolean;
}

/** Counts the events of each address by the minute. What is too much is not counted, so less may still come in. */
export function createEventLimits(clock: Clock): (address: HookAddress, events: number) => Allowance {
  const counts = new Map<string, Count>();

  function countOf(key: string): Count {
    const known = counts.get(key);
    if (known !== undefined && msLeft(known.since, WINDOW_MS, clock) > 0) return known;
    // Set anew, so that the map stays in the order of beginning.
    counts.delete(key);
    const [oldest] = counts.keys();
    if (counts.size >= MOST_SOURCES && oldest !== undefined) counts.delete(oldest);
    const count: Count = { since: clock.now(), events: 0, isOver: false };
    counts.set(key, count);
    return count;
  }

  return ({ instance, source }, events) => {
    const count = countOf(hookPath(instance, source));
    if (count.events + events <= mostOf(source)) {
      count.events += events;
      return 'within';
    }
    if (count.isOver) return 'over';
    count.isOver = true;
    return 'now-over';
  };
}

function mostOf({ kind }: HookSource): number {
  return kind === 'project' ? OF_PROJECT : OF_MANY;
}
