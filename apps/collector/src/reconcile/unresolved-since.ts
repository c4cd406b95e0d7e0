import type { Millis } from '@sideband/shared/clock';
import type { Queue } from 'bullmq';

/**
 * When the oldest job was heard of that waits to be looked up or is in hand. One that failed and is tried again later
 * does not count: a single trace that cannot be read would keep all evidence stale for hours.
 */
export async function unresolvedSince(queue: Pick<Queue, 'getJobs'>): Promise<Millis | undefined> {
  const oldest = await queue.getJobs(['waiting', 'active', 'prioritized'], 0, 0, true);
  const heard = oldest.map(({ timestamp }) => timestamp);
  return heard.length === 0 ? undefined : (Math.min(...heard) as Millis);
}
