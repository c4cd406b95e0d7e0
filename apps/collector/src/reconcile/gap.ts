import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';

/** Why hooks may have been lost. */
export type GapReason = 'collector-started' | 'redis-is-back' | 'hooks-were-refused' | 'gitlab-is-back';

export interface GapParts {
  /** Puts a poll on the queue; one whose id the queue still knows is not added again. */
  readonly requestPoll: (jobId: string, delayMs: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A poll asks every project: hooks that are refused by the hundred are one gap, and so is what ten collectors notice. */
const WINDOW_MS = 30_000;
const PREFIX = 'gap-';

/** Whether the poll was asked for because of a gap. */
export function isGapPoll(jobId: string): boolean {
  return jobId.startsWith(PREFIX);
}

/**
 * Asks for a poll before its time, at the end of this half minute: so it comes after every gap that was noticed in it.
 * Never throws: without Redis there is no poll, and Redis's return is a gap itself.
 */
export function createGap({ requestPoll, clock, log }: GapParts): (reason: GapReason) => Promise<void> {
  let asked: number | undefined;
  return async (reason) => {
    const now = clock.now();
    const window = Math.floor(now / WINDOW_MS) + 1;
    if (window === asked) return;
    const before = asked;
    asked = window;
    const delayMs = window * WINDOW_MS - now;
    try {
      await requestPoll(`${PREFIX}${window}`, delayMs);
      log.info({ reason, delayMs }, 'Hooks may have been lost: a poll is asked for before its time');
    } catch (error) {
      asked = before;
      log.debug({ reason, err: error }, 'A poll could not be asked for before its time');
    }
  };
}
