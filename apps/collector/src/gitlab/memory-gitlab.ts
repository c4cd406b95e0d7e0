import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { jobPhase } from './job-phase.ts';
import type { GitLab, GitLabJob } from './port.ts';

type GitLabMethod = 'projects' | 'job' | 'jobs' | 'trace';

/** What a test says of a job; the phase follows from the status, as GitLab's adapter has it. */
export type MemoryJob = Pick<GitLabJob, 'project' | 'id' | 'status'> & Partial<Omit<GitLabJob, 'phase'>>;

export interface MemoryGitLab extends GitLab {
  /** Adds the job or replaces it; its project becomes known. */
  put(job: MemoryJob): void;
  /** A text is one chunk. A job without a trace has an empty one, as in GitLab. */
  setTrace(project: ProjectId, job: JobId, trace: string | readonly Uint8Array[]): void;
  /** Every call of the method fails with the error from now on; `undefined` ends that. */
  fail(method: GitLabMethod, error: SidebandError | undefined): void;
  /** How often the method was called, failures included. */
  calls(method: GitLabMethod): number;
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
  const failures = new Map<GitLabMethod, SidebandError>();
  const calls = new Map<GitLabMethod, number>();
  let bytesRead = 0;
  for (const project of options.projects ?? []) projects.set(project, new Map());

  function begin(method: GitLabMethod): void {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    const failure = failures.get(method);
    if (failure !== undefined) throw failure;
  }

  function jobsOf(project: ProjectId): Map<JobId, GitLabJob> {
    const jobs = projects.get(project);
    if (jobs === undefined) throw notFound(`projects/${project}/jobs`);
    return jobs;
  }

  function find(project: ProjectId, id: JobId): GitLabJob {
    const job = projects.get(project)?.get(id);
    if (job === undefined) throw notFound(`projects/${project}/jobs/${id}`);
    return job;
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
      const newestFirst = [...jobsOf(project).values()].sort((a, b) => b.id - a.id);
      for (const job of newestFirst) {
        if (!filter.running || job.status === 'running') yield job;
      }
    },

    async *trace(project, id) {
      begin('trace');
      find(project, id);
      for (const chunk of traces.get(`${project}/${id}`) ?? []) {
        bytesRead += chunk.byteLength;
        yield chunk;
      }
    },

    put(job) {
      const jobs = projects.get(job.project) ?? new Map<JobId, GitLabJob>();
      projects.set(job.project, jobs);
      jobs.set(job.id, complete(job));
    },

    setTrace(project, id, trace) {
      const chunks = typeof trace === 'string' ? [new TextEncoder().encode(trace)] : trace;
      traces.set(`${project}/${id}`, chunks);
    },

    fail(method, error) {
      if (error === undefined) failures.delete(method);
      else failures.set(method, error);
    },

    calls: (method) => calls.get(method) ?? 0,
    bytesRead: () => bytesRead,
  };
}

function complete(job: MemoryJob): GitLabJob {
  return {
    name: `job ${job.id}`,
    createdAt: 0 as Millis,
    startedAt: undefined,
    finishedAt: undefined,
    systemId: undefined,
    ...job,
    phase: jobPhase(job.status),
  };
}

function notFound(path: string): SidebandError {
  return new SidebandError('GITLAB_NOT_FOUND', { status: 404, path });
}
