import { ManualClock, type Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { Identity, Use } from '@sideband/shared/evidence/model';
import type { HostRecords, HostReport, JournalEntry } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, InstanceName, JobId, JobKey, ProjectId } from '@sideband/shared/names';
import { createCycle } from './cycle.ts';
import type { Disk } from './disk/port.ts';
import type { Engine, ImageId } from './engine/port.ts';
import { createHostEvidence } from './evidence/host-evidence.ts';
import { openLocalEvidence } from './evidence/local-evidence.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { Policy } from './plan/policy.ts';
import { MINUTE, NOW } from './plan/snapshot.suite.ts';
import type { RunningJob } from './plan/snapshot.ts';
import { createJournal } from './reap/journal.ts';
import { openMemoryOfImages } from './reap/memory-of-images.ts';
import { createNamesNote } from './reap/names-note.ts';

export const HOST = 'runner-1' as HostName;
const HOUR = 60 * MINUTE;

/** Everything a cycle needs but for the engine and its disk; `said` is what it told the world. */
export async function hostWith(parts: {
  readonly engine: Engine;
  readonly disk: Disk;
  readonly policy: Policy;
  readonly stateDirectory: string;
  readonly now?: number;
  readonly mayEvict?: boolean;
  readonly mayGoOn?: () => Promise<boolean>;
}) {
  const {
    engine,
    disk,
    policy,
    stateDirectory,
    now = NOW,
    mayEvict = true,
    mayGoOn = async () => true,
  } = parts;
  const clock = new ManualClock(now);
  const store = createMemoryEvidenceStore();
  const said: { readonly journal: JournalEntry[]; report: HostReport | undefined } = {
    journal: [],
    report: undefined,
  };
  const records: Pick<HostRecords, 'publishReport' | 'appendJournal'> = {
    publishReport: async (report) => {
      said.report = report;
    },
    appendJournal: async (_, entries) => void said.journal.push(...entries),
  };
  const log = silentLog();
  const memory = await openMemoryOfImages(stateDirectory, log);
  const redis = { isAway: false };
  const local = await openLocalEvidence({ stateDirectory, host: HOST, clock, staleAfterMs: HOUR, log });
  const evidence = createHostEvidence({
    ...{ local, records: undefined, host: HOST, clock, log },
    store: {
      recordUses: (host, uses) => store.recordUses(host, uses),
      recordedUses: (host, limit) => store.recordedUses(host, limit),
      noteRepullable: (host, identities, at) => store.noteRepullable(host, identities, at),
      lease: (host, leases) => store.lease(host, leases),
      leases: (host, at) => store.leases(host, at),
      repullable: (host) => store.repullable(host),
      fed: (host) => store.fed(host),
      lastUses: (host) =>
        redis.isAway ? Promise.reject(new SidebandError('REDIS_UNAVAILABLE')) : store.lastUses(host),
    },
  });
  const runningJobs: RunningJob[] = [];
  const metrics = createMetrics(clock);
  const run = createCycle({
    host: HOST,
    engine,
    engineName: 'test',
    disk,
    evidence,
    inventory: {
      images: () => engine.images(),
      containers: () => engine.containers(),
      refresh: () => undefined,
    },
    settled: async () => undefined,
    runningJobs: async () => runningJobs,
    standing: () => ({ isWatching: true, disagreements: 0, warnings: [] }),
    records,
    journal: createJournal(stateDirectory, HOST, records, log),
    memory,
    note: createNamesNote(stateDirectory, memory.rememberDigests),
    policy,
    mayEvict: async () => mayEvict,
    mayGoOn,
    clock,
    pause: async () => undefined,
    metrics,
    log,
  });
  /** A job used the image that many minutes ago, and it can be pulled again. */
  const used = async (image: ImageId, minutesAgo: number): Promise<void> => {
    await store.recordUses(HOST, [aUseOf(image, now - minutesAgo * MINUTE, now)]);
    await store.noteRepullable(HOST, [image as unknown as Identity], now as Millis);
  };
  const present = async (): Promise<readonly ImageId[]> => (await engine.images()).map((image) => image.id);
  const outcomes = (): readonly (readonly [string, string])[] =>
    said.journal.map(({ image, outcome }) => [image, outcome] as const);
  return { run, said, store, redis, metrics, runningJobs, used, present, outcomes, clock };
}

export function aJob(job: number): JobKey {
  return { instance: 'gitlab' as InstanceName, project: 1 as ProjectId, job: job as JobId };
}

function aUseOf(image: ImageId, at: number, receivedAt: number): Use {
  return {
    job: aJob(1),
    jobName: 'test',
    role: 'build',
    identities: [image as unknown as Identity],
    at: at as Millis,
    receivedAt: receivedAt as Millis,
    source: 'trace',
  };
}
