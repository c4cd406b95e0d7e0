import { ManualClock, type Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { JobClaim, Registration } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, InstanceName, JobId, ProjectId, RunnerId, SystemId } from '@sideband/shared/names';
import { createMemoryGitLab, type MemoryJob } from '../gitlab/memory-gitlab.ts';
import type { ConfiguredImages } from './configured-images.ts';
import type { JobLedger } from './ledger.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createPlaces } from './place.ts';
import { createResolver } from './resolve-job.ts';
import type { JobEvent } from './resolver-hint.ts';

export const instance = 'gitlab.example' as InstanceName;
export const project = 7 as ProjectId;
export const MANAGER = 's_0123456789ab' as SystemId;
export const RUNNER = 4 as RunnerId;
export const ONE = 'one' as HostName;
export const TWO = 'two' as HostName;
export const HOUR = 3_600_000;
const DAY = 24 * HOUR;
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

export const NO_CONFIGURATION: ConfiguredImages = {
  images: [],
  missing: ['the configuration of its commit'],
};

interface Overrides {
  /** Those that registered the manager. */
  readonly hosts?: readonly HostName[];
  /** Others, and others' managers. */
  readonly registrations?: readonly Partial<Registration>[];
  /** Those that saw the containers of every job; may be changed meanwhile. */
  readonly claimants?: HostName[];
  readonly evidence?: (store: EvidenceStore) => EvidenceStore;
  readonly ledger?: (ledger: JobLedger) => JobLedger;
  readonly onWait?: (waits: number) => void;
  /** Managers that GitLab has confirmed of the runner. */
  readonly managers?: readonly SystemId[];
}

interface Hearing {
  readonly attempt?: number;
  /** The event has what a job hook says of the job, with this changed. */
  readonly told?: Partial<JobEvent['details']>;
  readonly receivedAt?: number;
}

export function resolverFixture(overrides: Overrides = {}) {
  const clock = new ManualClock(NOW);
  const gitlab = createMemoryGitLab({ instance, host: 'gitlab.example:8443' });
  const store = createMemoryEvidenceStore();
  const bounds = { lookBackMs: 7 * DAY, endedJobs: 10_000, imagesMs: 30 * DAY, managers: 256 };
  const ledger = createMemoryLedger(clock, bounds);
  // The twin has written it before it answers.
  void ledger.noteManagers(instance, RUNNER, overrides.managers ?? [], STARTED);
  const waits: number[] = [];
  const claims: JobClaim[] = [];
  const outcomes: string[] = [];
  const latencies: [string, number][] = [];
  /** What the CI configuration says of any job; an error is thrown. */
  const configured: { answer: ConfiguredImages | SidebandError; asked: number } = {
    answer: NO_CONFIGURATION,
    asked: 0,
  };
  const registrations = [
    ...(overrides.hosts ?? [ONE]).map((host) => registration({ host, systemIds: [MANAGER] })),
    ...(overrides.registrations ?? []).map(registration),
  ];
  const resolver = createResolver({
    gitlabs: new Map([[instance, gitlab]]),
    evidence: overrides.evidence?.(store) ?? store,
    places: createPlaces(
      {
        registrations: async () => registrations,
        async claimants(claim, hosts) {
          claims.push(claim);
          return hosts.filter((host) => overrides.claimants?.includes(host));
        },
      },
      clock,
    ),
    ledger: overrides.ledger?.(ledger) ?? ledger,
    async configuredImages(from, job) {
      configured.asked += 1;
      const { answer } = configured;
      if (answer instanceof SidebandError) throw answer;
      return from === gitlab && job.project === project ? answer : NO_CONFIGURATION;
    },
    clock,
    log: silentLog(),
    async wait(milliseconds) {
      waits.push(milliseconds);
      clock.advance(milliseconds);
      overrides.onWait?.(waits.length);
    },
    onResolved: (outcome) => outcomes.push(outcome),
    onLatency: (what, milliseconds) => latencies.push([what, milliseconds]),
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
      runner: RUNNER,
      ...job,
      status,
    });
    gitlab.setTrace(project, id as JobId, trace);
  };
  const send = (event: JobEvent, attempt = 1) =>
    resolver['job-event'](event, { jobId: `test-${event.job}`, attempt });
  const hear = (
    job: number,
    status: JobEvent['status'],
    { attempt, told, receivedAt = RECEIVED }: Hearing = {},
  ) => {
    const event = { instance, project, job, status, receivedAt };
    return send(told === undefined ? event : { ...event, details: details(status, told) }, attempt);
  };
  const requests = () => ({ job: gitlab.calls('job'), trace: gitlab.calls('trace') });
  return {
    ...{ clock, gitlab, store, ledger, waits, claims, outcomes, latencies, configured },
    ...{ put, send, hear, requests },
  };
}

/** As a job hook tells it: the runner's record, but never its manager. */
function details(status: JobEvent['status'], told: Hearing['told']): NonNullable<JobEvent['details']> {
  const started = { startedAt: STARTED, runner: RUNNER };
  return {
    ...{ name: 'test', createdAt: STARTED - 1_000 },
    ...(status !== 'expected' && started),
    ...(status === 'ended' && { finishedAt: FINISHED }),
    ...told,
  };
}

function registration(said: Partial<Registration>): Registration {
  const host = said.host ?? ONE;
  return { host, uuid: host, systemIds: [], seenAt: 0 as Millis, mode: 'observe', engine: '', ...said };
}

export async function usesOn(store: EvidenceStore, host: HostName): Promise<Record<string, number>> {
  return Object.fromEntries([...(await store.lastUses(host))].map(([identity, use]) => [identity, use.at]));
}

export async function leasesOn(store: EvidenceStore, host: HostName, now: number): Promise<string[]> {
  const leases = await store.leases(host, now as Millis);
  return leases.map((lease) => `${lease.strength} ${lease.identity}`).sort();
}
