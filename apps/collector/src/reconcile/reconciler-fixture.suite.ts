import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { Notice, Registration } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, InstanceName, JobId, ProjectId, SystemId } from '@sideband/shared/names';
import { createMemoryGitLab, type MemoryJob } from '../gitlab/memory-gitlab.ts';
import type { GitLab, GitLabJob, JobFilter } from '../gitlab/port.ts';
import { createMemoryLedger } from '../resolve/memory-ledger.ts';
import type { JobEvent } from '../resolve/resolver-hint.ts';
import { createMemoryPollMemory } from './memory-poll-memory.ts';
import { POLL_MEMORY_BOUNDS } from './poll-memory.ts';
import { createReconciler } from './reconciler.ts';

export const instance = 'gitlab.example' as InstanceName;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NOW = Date.UTC(2026, 10, 21);
export const A = 1 as ProjectId;
export const B = 2 as ProjectId;
export const C = 3 as ProjectId;
export const MANAGER = 's_0123456789ab' as SystemId;
const PAGE = 100;

type QueuedEvent = JobEvent & { readonly priority?: 'later' };

interface Overrides {
  readonly projects?: readonly ProjectId[];
  /** Those of them that the token is a member of; all, if it is not said. */
  readonly members?: readonly ProjectId[];
  /** Further GitLabs, polled after the first. */
  readonly others?: readonly GitLab[];
  readonly everyMs?: number;
  readonly backFillMs?: number;
}

/** The reconciler among twins: a GitLab that counts its pages and fails for single projects, and a queue that waits. */
export function reconcilerFixture(overrides: Overrides = {}) {
  const { projects = [A], members, others = [], everyMs = HOUR, backFillMs = 7 * DAY } = overrides;
  const lookBackMs = 7 * DAY;
  const clock = new ManualClock(NOW);
  const gitlab = createMemoryGitLab({ instance, host: 'gitlab.example:8443', projects });
  const bounds = { endedJobs: 100_000, imagesMs: DAY, managers: 10, lookBackMs };
  const ledger = createMemoryLedger(clock, bounds);
  const memory = createMemoryPollMemory(clock, { ...POLL_MEMORY_BOUNDS, lookBackMs });
  const evidence = createMemoryEvidenceStore();
  const closing = new AbortController();
  const queued = new Map<string, QueuedEvent>();
  const state = {
    registrations: [] as Registration[],
    notices: new Map<HostName, Notice>(),
    swept: [] as (readonly HostName[])[],
    sweepFailure: undefined as Error | undefined,
    unresolvedSince: undefined as Millis | undefined,
    /** Ids in the order in which they were read. */
    listed: { any: [] as number[], open: [] as number[], running: [] as number[] },
    pages: 0,
    ledgerAsked: [] as (readonly number[])[],
    failing: new Map<ProjectId, SidebandError>(),
    enqueueFailure: undefined as SidebandError | undefined,
    /** What happens in GitLab before a project's list is read. */
    beforeList: (_project: ProjectId, _filter: JobFilter): void => undefined,
    /** What happens after so many jobs of a list were read. */
    afterListed: (_project: ProjectId, _count: number): void => undefined,
    waiting: 0,
    /** Since when there is a memory, where it is not from the beginning. */
    rememberedSince: NOW as Millis,
    laterWaiting: 0,
    /** Of single GitLabs, both kinds. */
    waitingOf: new Map<InstanceName, number>(),
    waits: [] as number[],
    onWait: (_milliseconds: number): void => undefined,
    requested: [] as { readonly jobId: string; readonly delayMs: number }[],
    requestFailure: undefined as Error | undefined,
  };
  let polls = 0;

  async function* paged(
    jobs: AsyncIterable<GitLabJob>,
    tell: (job: GitLabJob) => void,
  ): AsyncGenerator<GitLabJob> {
    state.pages += 1;
    let read = 0;
    for await (const job of jobs) {
      if (read > 0 && read % PAGE === 0) state.pages += 1;
      read += 1;
      tell(job);
      yield job;
    }
  }

  const watched: GitLab = {
    ...gitlab,
    async *projects() {
      for await (const project of gitlab.projects()) {
        if (members === undefined || members.includes(project)) yield project;
      }
    },
    async *jobs(project, filter) {
      const failure = state.failing.get(project);
      if (failure !== undefined) throw failure;
      state.beforeList(project, filter);
      let count = 0;
      yield* paged(gitlab.jobs(project, filter), (job) => {
        state.listed[filter].push(job.id);
        count += 1;
        state.afterListed(project, count);
      });
    },
    runnerJobs: (runner, filter) => paged(gitlab.runnerJobs(runner, filter), () => undefined),
  };
  const reconciler = createReconciler({
    gitlabs: new Map([watched, ...others].map((one) => [one.instance, one])),
    ...{ evidence, clock, everyMs, lookBackMs, backFillMs },
    memory: { ...memory, since: async () => state.rememberedSince },
    ledger: {
      ...ledger,
      async knownEnded(of, project, jobs) {
        state.ledgerAsked.push(jobs);
        return await ledger.knownEnded(of, project, jobs);
      },
    },
    records: {
      registrations: async () => state.registrations,
      notice: async (host) => state.notices.get(host) ?? { sharesManagerWith: [], sharesEngineWith: [] },
      notify: async (host, notice) => void state.notices.set(host, notice),
    },
    goneHosts: {
      async sweep(hosts) {
        state.swept.push(hosts);
        if (state.sweepFailure !== undefined) throw state.sweepFailure;
      },
    },
    unresolvedSince: async () => state.unresolvedSince,
    waiting: async (of) => state.waitingOf.get(of) ?? state.waiting,
    laterWaiting: async (of) => state.waitingOf.get(of) ?? state.laterWaiting,
    async enqueue(jobId, event, options = {}) {
      if (state.enqueueFailure !== undefined) throw state.enqueueFailure;
      if (!queued.has(jobId)) queued.set(jobId, { ...event, ...options });
    },
    async requestPoll(jobId, delayMs) {
      if (state.requestFailure !== undefined) throw state.requestFailure;
      state.requested.push({ jobId, delayMs });
    },
    async wait(milliseconds, signal) {
      state.waits.push(milliseconds);
      clock.advance(milliseconds);
      state.onWait(milliseconds);
      signal.throwIfAborted();
    },
    signal: closing.signal,
    log: silentLog(),
  });

  /** A job as it is now; `ageMs` before `NOW` it was created. */
  function put(
    project: ProjectId,
    id: number,
    status: string,
    ageMs: number,
    more: Partial<MemoryJob> = {},
  ): void {
    gitlab.put({ project, id: id as JobId, status, createdAt: (NOW - ageMs) as Millis, ...more });
  }
  function end(project: ProjectId, id: number, ageMs: number): Promise<void> {
    return ledger.markEnded({ instance, project, job: id as JobId }, (NOW - ageMs) as Millis);
  }
  function poll(jobId?: string) {
    polls += 1;
    return reconciler.handlers.poll({}, { jobId: jobId ?? `poll ${polls}`, attempt: 1 });
  }
  /** What was queued since the last call, as `project/job status`, sorted. */
  function takeQueued(): string[] {
    const events = [...queued.values()];
    queued.clear();
    return events.map(({ project, job, status }) => `${project}/${job} ${status}`).sort();
  }
  return {
    ...{ clock, gitlab, ledger, memory, evidence, queued, state, closing, reconciler },
    ...{ put, end, poll, takeQueued },
  };
}

export function registration(host: string): Registration {
  const about = { uuid: host, systemIds: [MANAGER], seenAt: NOW as Millis, mode: 'observe' as const };
  return { host: host as HostName, ...about, engine: `boot of ${host}` };
}
