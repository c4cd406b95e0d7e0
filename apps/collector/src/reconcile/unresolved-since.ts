import type { Millis } from '@sideband/shared/clock';
import type { Queue } from 'bullmq';

/**
 * When the oldest job was heard of that waits to be looked up or is in hand. One that failed and is tried again later
 * does not count: a single trace that cannot be read would keep all evidence stale for hours. Neither does the
 * back-fill, which has a priority (BullMQ takes those that have none first) and waits behind all others, for hours:
 * it says how far back evidence reaches, and this is about how far forward.
 */
export async function unresolvedSince(queue: Pick<Queue, 'getJobs'>): Promise<Millis | undefined> {
  const [waiting, active] = await Promise.all([
    queue.getJobs(['waiting'], 0, 0, true),
    // As many as all collectors have in hand.
    queue.getJobs(['active'], 0, -1, true),
  ]);
  const heard = [...waiting, ...active]
    .filter(({ opts }) => !opts.priority)
    .map(({ timestamp }) => timestamp);
  return heard.length === 0 ? undefined : (Math.min(...heard) as Millis);
}
