import { aHost, aSystemId, type Fleet, INSTANCE, type Program, startFleet } from '@sideband/infra/e2e/fleet';
import { registerPaperHost } from '@sideband/infra/e2e/paper-host';
import { HookConnections } from '@sideband/infra/testkit/gitlab/post-hook';
import { type Millis, systemClock } from '@sideband/shared/clock';
import { quantile } from '../plan-time/quantile.ts';
import { fillQueue } from './fill-queue.ts';
import { createHooks } from './make-hooks.ts';
import { type Answered, pace } from './pace.ts';
import { residentBytes } from './resident-bytes.ts';

interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

/** How the whole collector answers hooks while it has more in hand than it can do. */
export interface Pressure {
  /** `down`: every connection is refused. `up`: traces are read as fast as the collector can. */
  readonly gitlab: 'down' | 'up';
  readonly perSecond: number;
  readonly seconds: number;
  readonly accepted: number;
  readonly shed: number;
  /** Any other answer, or none. */
  readonly others: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Events that wait to be resolved. */
  readonly waiting: BeforeAndAfter;
  readonly residentBytes: BeforeAndAfter;
}

/** About what GitLab.com sends at most for one top-level group: 13,000 a minute. */
const PER_SECOND = 200;
const WARM_UP_SECONDS = 3;
const WAITING = 20_000;
/** More requests than it can make here, so that only the machine slows it down; and no poll looks as far back as the jobs. */
const SETTINGS = {
  SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: '100000',
  SIDEBAND_LOOK_BACK: '1h',
  SIDEBAND_BACK_FILL: '1h',
  SIDEBAND_RECONCILE_EVERY: '1h',
};
const CREATED_MS_AGO = 2 * 3_600_000;

export async function measurePressure(gitlab: Pressure['gitlab'], seconds: number): Promise<Pressure> {
  const fleet = await startFleet();
  const connections = new HookConnections();
  try {
    const systemId = aSystemId('a');
    await registerPaperHost(fleet, aHost('paper-1'), systemId);
    const createdAt = (systemClock.now() - CREATED_MS_AGO) as Millis;
    await fillQueue(fleet, WAITING, { systemId, createdAt });
    if (gitlab === 'down') await fleet.gitlab.refuseConnections();
    const collector = await fleet.startCollector(SETTINGS);
    const send = sender(fleet, connections);
    await pace({ send, perSecond: PER_SECOND, seconds: WARM_UP_SECONDS });

    const before = await load(fleet, collector);
    const answers = await pace({ send, perSecond: PER_SECOND, seconds });
    const after = await load(fleet, collector);
    return {
      ...{ gitlab, perSecond: PER_SECOND, seconds },
      ...summaryOf(answers),
      waiting: { before: before.waiting, after: after.waiting },
      residentBytes: { before: before.resident, after: after.resident },
    };
  } finally {
    connections.close();
    await fleet.stop();
  }
}

function sender({ url, secret }: Fleet, connections: HookConnections): () => Promise<number> {
  const next = createHooks({
    ...{ instance: INSTANCE, master: secret, clock: systemClock, random: Math.random },
  });
  return () => {
    const { path, headers, body } = next('token and signature');
    return connections.post({ url: `${url}${path}`, headers, body, verifiesTls: false });
  };
}

async function load(
  { resolving }: Fleet,
  { pid }: Program,
): Promise<{ readonly waiting: number; readonly resident: number }> {
  const waiting = await resolving.queue.getJobCountByTypes('waiting', 'delayed');
  return { waiting, resident: await residentBytes(pid) };
}

function summaryOf(answers: readonly Answered[]) {
  const times = answers.map(({ ms }) => ms);
  const count = (status: number): number => answers.filter((answer) => answer.status === status).length;
  const accepted = count(202);
  const shed = count(503);
  return {
    ...{ accepted, shed, others: answers.length - accepted - shed },
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: quantile(times, 1),
  };
}
