import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { Notice, Registration } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, InstanceName, JobId, ProjectId, SystemId } from '@sideband/shared/names';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import { createMemoryLedger } from '../resolve/memory-ledger.ts';
import { createReconciler } from './reconciler.ts';

export const instance = 'gitlab.example' as InstanceName;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NOW = Date.UTC(2026, 10, 21);
export const A = 1 as ProjectId;
export const B = 2 as ProjectId;
export const C = 3 as ProjectId;
export const MANAGER = 's_0123456789ab' as SystemId;
const CONTEXT = { jobId: 'poll', attempt: 1 };

export function reconcilerFixture(projects: readonly ProjectId[] = [A]) {
  const clock = new ManualClock(NOW);
  const gitlab = createMemoryGitLab({ instance, host: 'gitlab.example:8443', projects });
  const ledger = createMemoryLedger(clock, { lookBackMs: 7 * DAY, endedJobs: 1_000, imagesMs: DAY });
  const evidence = createMemoryEvidenceStore();
  const queued = new Map<string, { project: number; job: number; status: string; receivedAt: number }>();
  const state = {
    registrations: [] as Registration[],
    notices: new Map<HostName, Notice>(),
    swept: [] as (readonly HostName[])[],
    sweepFailure: undefined as Error | undefined,
    unresolvedSince: undefined as Millis | undefined,
    listed: [] as number[],
    failing: new Map<ProjectId, SidebandError>(),
  };
  /** The memory twin, telling which jobs were read and failing for single projects. */
  const watched: GitLab = {
    ...gitlab,
    async *jobs(project, filter): AsyncGenerator<GitLabJob> {
      const failure = state.failing.get(project);
      if (failure !== undefined) throw failure;
      for await (const job of gitlab.jobs(project, filter)) {
        if (!filter.running) state.listed.push(job.id);
        yield job;
      }
    },
  };
  const reconciler = createReconciler({
    gitlabs: new Map([[instance, watched]]),
    evidence,
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
    ledger,
    async enqueue(jobId, event) {
      if (!queued.has(jobId)) queued.set(jobId, event);
    },
    clock,
    log: silentLog(),
    lookBackMs: 7 * DAY,
  });
  const put = (project: ProjectId, id: number, status: string, ageMs: number, startedAt?: number): void => {
    const createdAt = (NOW - ageMs) as Millis;
    gitlab.put({
      project,
      id: id as JobId,
      status,
      createdAt,
      ...(startedAt === undefined ? {} : { startedAt: startedAt as Millis }),
    });
  };
  const end = (project: ProjectId, id: number, ageMs: number) =>
    ledger.markEnded({ instance, project, job: id as JobId }, (NOW - ageMs) as Millis);
  return {
    clock,
    gitlab,
    ledger,
    evidence,
    queued,
    state,
    put,
    end,
    poll: () => reconciler.poll({}, CONTEXT),
  };
}

export function registration(host: string): Registration {
  const about = { uuid: host, systemIds: [MANAGER], seenAt: NOW as Millis, mode: 'observe' as const };
  return { host: host as HostName, ...about, engine: `boot of ${host}` };
}
