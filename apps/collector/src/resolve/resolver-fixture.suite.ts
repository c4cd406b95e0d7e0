import { ManualClock, type Millis } from '@sideband/shared/clock';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { JobClaim } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, InstanceName, JobId, ProjectId, SystemId } from '@sideband/shared/names';
import { createMemoryGitLab, type MemoryJob } from '../gitlab/memory-gitlab.ts';
import type { JobLedger } from './ledger.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createResolver } from './resolve-job.ts';

export const instance = 'gitlab.example' as InstanceName;
export const project = 7 as ProjectId;
export const MANAGER = 's_0123456789ab' as SystemId;
export const ONE = 'one' as HostName;
export const TWO = 'two' as HostName;
export const HOUR = 3_600_000;
export const NOW = Date.UTC(2026, 10, 21, 12);
export const STARTED = (NOW - 600_000) as Millis;
export const FINISHED = (NOW - 60_000) as Millis;
export const RECEIVED = (NOW - 59_000) as Millis;

export const RUBY_ID = `sha256:${'a'.repeat(64)}`;
const REDIS_ID = `sha256:${'b'.repeat(64)}`;
const DIGEST = `docker.io/library/ruby@sha256:${'d'.repeat(64)}`;
export const RUBY = [RUBY_ID, DIGEST, 'docker.io/library/ruby:3.3'];
export const REDIS = [REDIS_ID, 'docker.io/library/redis:7'];

export const HEADER = [
  'Running with gitlab-runner 17.5.0 (abcdef12)',
  `  on builder t1_abcdef, system ID: ${MANAGER}`,
  'Preparing the "docker" executor',
  'Using Docker executor with image ruby:3.3 ...',
];
export const SERVICE = ['Starting service redis:7...', `Using docker image ${REDIS_ID} for redis:7 ...`];
const BUILD = [
  'Pulling docker image ruby:3.3 ...',
  `Using docker image ${RUBY_ID} for ruby:3.3 with digest ruby@sha256:${'d'.repeat(64)} ...`,
];
export const REST = ['Preparing environment', 'Running on x via y...', '$ make', 'Job succeeded'];
export const text = (...lines: readonly (readonly string[])[]): string => `${lines.flat().join('\n')}\n`;
export const TRACE = text(HEADER, SERVICE, BUILD, REST);

interface Overrides {
  /** Those that registered the manager. */
  readonly hosts?: readonly HostName[];
  /** Those that saw the containers of every job; may be changed meanwhile. */
  readonly claimants?: HostName[];
  readonly evidence?: (store: EvidenceStore) => EvidenceStore;
  readonly ledger?: (ledger: JobLedger) => JobLedger;
  readonly onWait?: (waits: number) => void;
}

export function resolverFixture(overrides: Overrides = {}) {
  const clock = new ManualClock(NOW);
  const gitlab = createMemoryGitLab({ instance, host: 'gitlab.example:8443' });
  const store = createMemoryEvidenceStore();
  const ledger = createMemoryLedger(clock, {
    lookBackMs: 7 * 24 * HOUR,
    endedJobs: 100,
    imagesMs: 720 * HOUR,
  });
  const waits: number[] = [];
  const registered = overrides.hosts ?? [ONE];
  const claimants = overrides.claimants ?? [];
  const claims: JobClaim[] = [];
  const resolver = createResolver({
    gitlabs: new Map([[instance, gitlab]]),
    evidence: overrides.evidence?.(store) ?? store,
    places: {
      async placeOf(claim, manager) {
        claims.push(claim);
        const managed = manager === MANAGER ? registered : [];
        const hosts = claimants.length > 0 ? [...claimants] : managed;
        return { hosts, possible: [...new Set([...managed, ...claimants])] };
      },
    },
    ledger: overrides.ledger?.(ledger) ?? ledger,
    clock,
    log: silentLog(),
    async wait(milliseconds) {
      waits.push(milliseconds);
      clock.advance(milliseconds);
      overrides.onWait?.(waits.length);
    },
  });
  const put = (id: number, job: Partial<MemoryJob> = {}, trace = TRACE): void => {
    const status = job.status ?? 'success';
    gitlab.put({
      project,
      id: id as JobId,
      name: 'test',
      createdAt: (STARTED - 1_000) as Millis,
      startedAt: STARTED,
      ...(status === 'running' ? {} : { finishedAt: FINISHED }),
      systemId: MANAGER,
      ...job,
      status,
    });
    gitlab.setTrace(project, id as JobId, trace);
  };
  const hear = (id: number, status: 'running' | 'ended', attempt = 1) =>
    resolver['job-event'](
      { instance, project, job: id, status, receivedAt: RECEIVED },
      { jobId: `test-${id}`, attempt },
    );
  return { clock, gitlab, store, ledger, waits, claims, put, hear };
}

export async function usesOn(store: EvidenceStore, host: HostName): Promise<Record<string, number>> {
  return Object.fromEntries([...(await store.lastUses(host))].map(([identity, use]) => [identity, use.at]));
}

export async function leasesOn(store: EvidenceStore, host: HostName, now: number): Promise<string[]> {
  const leases = await store.leases(host, now as Millis);
  return leases.map((lease) => `${lease.strength} ${lease.identity}`).sort();
}
