import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName, JobId, ProjectId, RunnerId, SystemId } from '@sideband/shared/names';
import { jobPhase } from './job-phase.ts';
import { createMemoryCalls, type MemoryCalls } from './memory-calls.ts';
import type { GitLab, GitLabJob, JobFilter, MergedConfiguration } from './port.ts';

type GitLabMethod = Exclude<keyof GitLab, 'instance' | 'host'>;

/** What a test says of a job; the phase follows from the status, as GitLab's adapter has it. */
export type MemoryJob = Pick<GitLabJob, 'project' | 'id' | 'status'> & Partial<Omit<GitLabJob, 'phase'>>;

export interface MemoryGitLab extends GitLab, MemoryCalls<GitLabMethod> {
  /** Adds the job or replaces it; its project becomes known. */
  put(job: MemoryJob): void;
  /** A text is one chunk. A job without a trace has an empty one, as in GitLab. */
  setTrace(project: ProjectId, job: JobId, trace: string | readonly Uint8Array[]): void;
  /** The runner becomes known. `hidden`: the token may see neither its managers nor its jobs. */
  putRunner(runner: RunnerId, managers: readonly SystemId[] | 'hidden'): void;
  /** A commit without one is not found, as one that GitLab no longer has. */
  setConfiguration(project: ProjectId, commit: string, configuration: MergedConfiguration): void;
  /** Bytes of traces handed out so far: tells whether a reader stopped in time. */
  bytesRead(): number;
}

/** The in-memory twin of the adapter: same answers, same errors, nothing on the wire. */
export function createMemoryGitLab(options: {
  readonly instance: InstanceName;
  readonly host?: string;
  readonly projects?: readonly ProjectId[];
}): MemoryGitLab {
  const projects = new Map<ProjectId, Map<JobId, GitLabJob>>();
  const traces = new Map<string, readonly Uint8Array[]>();
  const runners = new Map<RunnerId, readonly SystemId[] | 'hidden'>();
  const configurations = new Map<string, MergedConfiguration>();
  const { begin, fail, calls } = createMemoryCalls<GitLabMethod>();
  let bytesRead = 0;
  for (const project of options.projects ?? []) projects.set(project, new Map());

  function jobsOf(project: ProjectId): Map<JobId, GitLabJob> {
    return found(projects.get(project), `projects/${project}/jobs`);
  }

  function find(project: ProjectId, id: JobId): GitLabJob {
    return found(projects.get(project)?.get(id), `projects/${project}/jobs/${id}`);
  }

  function managersOf(runner: RunnerId, path: string): readonly SystemId[] {
    const managers = found(runners.get(runner), path);
    if (managers === 'hidden') throw new SidebandError('GITLAB_REFUSED', { status: 403, path });
    return managers;
  }

  return {
    instance: options.instance,
    host: options.host ?? 'gitlab.example',

    async *projects() {
      begin('projects');
      yield* [...projects.keys()].sort((a, b) => a - b);
    },

    async job(project, id) {
      begin('job');
      return find(project, id);
    },

    async *jobs(project, filter) {
      begin('jobs');
      yield* newestFirst(jobsOf(project).values()).filter((job) => matches(job, filter));
    },

    async *trace(project, id) {
      begin('trace');
      find(project, id);
      for (const chunk of traces.get(`${project}/${id}`) ?? []) {
        bytesRead += chunk.byteLength;
        yield chunk;
      }
    },

    async *runners() {
      begin('runners');
      yield* runners.keys();
    },

    async managers(runner) {
      begin('managers');
      return managersOf(runner, `runners/${runner}/managers`);
    },

    async *runnerJobs(runner, filter) {
      begin('runnerJobs');
      managersOf(runner, `runners/${runner}/jobs`);
      const jobs = [...projects.values()].flatMap((byId) => [...byId.values()]);
      for (const job of newestFirst(jobs)) {
        // GitLab's list names neither the runner nor the manager.
        if (job.runner === runner && matches(job, filter)) {
          yield { ...job, runner: undefined, systemId: undefined };
        }
      }
    },

    async configuration(project, commit) {
      begin('configuration');
      return found(configurations.get(`${project}/${commit}`), `projects/${project}/ci/lint`);
    },

    put(job) {
      const jobs = projects.get(job.project) ?? new Map<JobId, GitLabJob>();
      projects.set(job.project, jobs);
      jobs.set(job.id, completeJob(job));
    },

    setTrace(project, id, trace) {
      const chunks = typeof trace === 'string' ? [new TextEncoder().encode(trace)] : trace;
      traces.set(`${project}/${id}`, chunks);
    },

    putRunner: (runner, managers) => void runners.set(runner, managers),
    setConfiguration: (project, commit, configuration) =>
      void configurations.set(`${project}/${commit}`, configuration),
    fail,
    calls,
    bytesRead: () => bytesRead,
  };
}

function completeJob(job: MemoryJob): GitLabJob {
  return {
    name: `job ${job.id}`,
    createdAt: 0 as Millis,
    startedAt: undefined,
    finishedAt: undefined,
    runner: undefined,
    systemId: undefined,
    commit: undefined,
    ref: undefined,
    pipelineSource: undefined,
    ...job,
    phase: jobPhase(job.status),
  };
}

function newestFirst(jobs: Iterable<GitLabJob>): GitLabJob[] {
  return [...jobs].sort((a, b) => b.id - a.id);
}

function matches(job: GitLabJob, filter: JobFilter): boolean {
  if (filter === 'any') return true;
  return filter === 'open' ? job.phase !== 'ended' : job.status === 'running';
}

function found<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new SidebandError('GITLAB_NOT_FOUND', { status: 404, path });
  return value;
}
