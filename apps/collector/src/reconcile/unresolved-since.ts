import type { Millis } from '@sideband/shared/clock';
import type { Queue } from 'bullmq';

/** One or two traces that cannot be read must not keep all evidence stale for hours; more than these are an outage. */
const FAILING = 20;
/** Read at a time: about a megabyte. */
const BATCH = 500;

/**
 * When the oldest job was heard of that waits to be looked up or is in hand; also where it waits for a limit of GitLab.
 * Those that have failed and are tried again count if they are more than 20. The back-fill never does: it has a
 * priority (BullMQ takes those that have none first) and waits behind all others, for hours; it says how far back
 * evidence reaches, and this is about how far forward.
 */
export async function unresolvedSince(
  queue: Pick<Queue, 'getRanges' | 'getJob'>,
): Promise<Millis | undefined> {
  // All at one moment: one that moves from one to another is not overlooked. None of them is in the order of hearing.
  const ids = await queue.getRanges(['wait', 'active', 'delayed'], 0, -1);
  let oldest = Number.POSITIVE_INFINITY;
  let oldestFailing = Number.POSITIVE_INFINITY;
  let failing = 0;
  for (let start = 0; start < ids.length; start += BATCH) {
    const jobs = await Promise.all(ids.slice(start, start + BATCH).map((id) => queue.getJob(id)));
    for (const job of jobs) {
      if (job === undefined || job.opts.priority) continue;
      if (job.attemptsMade === 0) oldest = Math.min(oldest, job.timestamp);
      else {
        failing += 1;
        oldestFailing = Math.min(oldestFailing, job.timestamp);
      }
    }
  }
  if (failing > FAILING) oldest = Math.min(oldest, oldestFailing);
  return oldest === Number.POSITIVE_INFINITY ? undefined : (oldest as Millis);
}
