import { type Fleet, startFleet } from '@sideband/infra/e2e/fleet';
import { freePort } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import { describeMachine, type Machine } from '../machine.ts';
import { measurePolls, type Polls } from './measure-poll.ts';
import { measureSteady, type Steady } from './measure-steady.ts';
import { NAMES, openWorkplace } from './run-jobs.ts';

export interface GitLabCost {
  readonly machine: Machine;
  /** Of jobs of names that never ran before. */
  readonly unknown: Steady;
  /** Of jobs of these names from then on: with a GitLab that ignores `Range`, and with one that honours it. */
  readonly steady: readonly Steady[];
  readonly polls: Polls;
}

/** More requests than it can make here; and no poll but those that are asked for. */
const SETTINGS = { SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: '100000', SIDEBAND_RECONCILE_EVERY: '1h' };

/** What the collector, as a process of its own, asks of a GitLab whose hooks leave at once. */
export async function measureGitLab({ jobs }: { readonly jobs: number }): Promise<GitLabCost> {
  const fleet = await startFleet();
  try {
    fleet.gitlab.pointHookAt({ ...fleet.hook, delayMs: { min: 0, max: 0 } });
    const place = await openWorkplace(fleet);
    const metrics = `127.0.0.1:${await freePort()}`;
    await fleet.startCollector({ ...SETTINGS, SIDEBAND_METRICS: metrics });
    const metricsUrl = `http://${metrics}/metrics`;
    await untilPolled(fleet);
    const unknown = await measureSteady(fleet, place, { jobs: NAMES, honoursRange: false, metricsUrl });
    const steady = [
      await measureSteady(fleet, place, { jobs, honoursRange: false, metricsUrl }),
      await measureSteady(fleet, place, { jobs, honoursRange: true, metricsUrl }),
    ];
    const [host] = place.hosts;
    if (host === undefined) throw new Error('There are hosts');
    const { systemId, engine } = host;
    const image = place.images[0] ?? '';
    const polls = await measurePolls(fleet, { name: 'build', systemId, engine, image });
    return { machine: describeMachine(), unknown, steady, polls };
  } finally {
    await fleet.stop();
  }
}

/** A collector that starts polls, and half a minute later once more for what came meanwhile. */
async function untilPolled({ reconciling }: Fleet): Promise<void> {
  const { queue } = reconciling;
  await until(
    'the first polls',
    async () => {
      const waiting = await queue.getJobs(['waiting', 'active', 'delayed']);
      const isScheduled = waiting.every(
        (job) => job.id?.startsWith('repeat:') && job.processedOn === undefined,
      );
      return isScheduled && (await queue.getCompletedCount()) > 0;
    },
    { timeoutMs: 90_000, everyMs: 250 },
  );
}
