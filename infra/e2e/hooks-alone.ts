import { until } from '../testkit/until.ts';
import type { Fleet, Program } from './fleet.ts';

/** A collector that has polled once and does so again in a day: what it learns from then on comes by hooks. */
export async function startWithoutPolls(
  fleet: Fleet,
  settings: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const { queue } = fleet.reconciling;
  const collector = await fleet.startCollector({ ...settings, SIDEBAND_RECONCILE_EVERY: '1d' });
  await until('the first poll', async () => (await queue.getCompletedCount()) > 0);
  // At its start it also asks for one at the end of the half minute, since hooks may have been lost.
  await until('no other poll to come', async () => {
    const polls = await queue.getJobs(['delayed', 'waiting', 'active', 'completed']);
    const extra = polls.find(({ id }) => id?.startsWith('gap-'));
    if (extra === undefined) return false;
    if (await extra.isDelayed()) await extra.remove();
    return (await queue.getActiveCount()) === 0;
  });
  return collector;
}
