import { type Clock, type Millis, msLeft } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';

/** So many failures in a row are no accident. */
const FAILURES_TO_OPEN = 5;
/** The first opening lasts 1 to 2 s, the next twice as long, and so on up to a minute. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;

/** Says how the request ended: whether GitLab is there, whatever it said. */
export type Ended = (isThere: boolean) => void;

/** Leaves a GitLab alone that fails again and again. One for each GitLab and process. */
export interface Circuit {
  /** 0 if a request may be sent now, else the milliseconds until it is worth asking again. */
  blockedMs(): number;
  /** A request is being sent. The first after an opening is the probe: all others wait for its end. */
  begin(): Ended;
}

interface Opening {
  /** How many there were in a row. */
  readonly count: number;
  readonly since: Millis;
  readonly openMs: number;
  readonly probing: boolean;
}

export function createCircuit(parts: {
  readonly instance: InstanceName;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): Circuit {
  const { instance, clock, random, log } = parts;
  let failures = 0;
  let opening: Opening | undefined;

  function open(count: number): void {
    const most = Math.min(LONGEST_MS, 2 * SHORTEST_MS * 2 ** (count - 1));
    // Between half of it and all: the collectors must not all come back at once.
    const openMs = Math.round(most * (0.5 + random() / 2));
    opening = { count, since: clock.now(), openMs, probing: false };
    if (count === 1) log.warn({ instance, failures, openMs }, 'GitLab keeps failing and is left alone');
  }

  function close(): void {
    if (opening !== undefined) log.info({ instance, openings: opening.count }, 'GitLab answers again');
    failures = 0;
    opening = undefined;
  }

  return {
    blockedMs() {
      if (opening === undefined) return 0;
      return opening.probing ? SHORTEST_MS : msLeft(opening.since, opening.openMs, clock);
    },

    begin() {
      const probed = opening;
      if (probed !== undefined) opening = { ...probed, probing: true };
      return (isThere) => {
        if (isThere) return close();
        failures += 1;
        if (probed !== undefined) open(probed.count + 1);
        // What was sent before it opened fails as well, and is no news.
        else if (opening === undefined && failures >= FAILURES_TO_OPEN) open(1);
      };
    },
  };
}
