import { budgetError } from '../answer-error.ts';
import type { Budget } from './budget.ts';

/** Longer than this the job waits better on its queue: those that need no request go on meanwhile. */
const LONGEST_MS = 10_000;

/**
 * Waits until the budget gives a permit. Throws `GITLAB_RATE_LIMITED` with the time to wait as soon as it is plain
 * that it would be more than 10 s in all.
 */
export async function waitForPermit(
  budget: Budget,
  pause: (milliseconds: number) => Promise<unknown>,
  path: string,
): Promise<void> {
  let waitedMs = 0;
  for (;;) {
    const waitMs = await budget.take();
    if (waitMs === 0) return;
    if (waitedMs + waitMs > LONGEST_MS) throw budgetError(path, waitMs);
    await pause(waitMs);
    waitedMs += waitMs;
  }
}
