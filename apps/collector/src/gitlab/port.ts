import type { Millis } from '@sideband/shared/clock';
import type { InstanceName, JobId, ProjectId, RunnerId, SystemId } from '@sideband/shared/names';

/** The status of a job as far as it matters here: which of them have ended, which run. */
export type JobPhase = 'waiting' | 'running' | 'ended';

export interface GitLabJob {
  readonly project: ProjectId;
  readonly id: JobId;
  readonly name: string;
  /** GitLab's own word: `success`, `canceling`, … A word we do not know counts as `waiting`. */
  readonly status: string;
  readonly phase: JobPhase;
  readonly createdAt: Millis;
  readonly startedAt: Millis | undefined;
  readonly finishedAt: Millis | undefined;
  /** The runner that took it; absent before pick-up, and in lists of a runner's jobs. */
  readonly runner: RunnerId | undefined;
  /** The runner manager that took the job; absent before pick-up, on GitLab before about 16.11, and in lists of a runner's jobs. */
  readonly systemId: SystemId | undefined;
  /** The full SHA of its pipeline's commit. */
  readonly commit: string | undefined;
  /** A branch or tag; for merge requests `refs/merge-requests/…`. */
  readonly ref: string | undefined;
  /** GitLab's own word for what its pipeline came from: `push`, `parent_pipeline`, … */
  readonly pipelineSource: string | undefined;
}

/** Which jobs of a list: `open` are those that have not ended (created, manual, pending, running, …). */
export type JobFilter = 'any' | 'open' | 'running';

/** A project's CI configuration with all includes and `extends` resolved. Variables are left as they are. */
export interface MergedConfiguration {
  /** YAML. Undefined where GitLab finds the configuration invalid or there is none. */
  readonly yaml: string | undefined;
  /** GitLab before 16.5 cannot be asked for a commit: this is what its default branch has now. */
  readonly ofDefaultBranch?: true;
}

/**
 * What Sideband asks of one GitLab. Throws `GITLAB_UNAVAILABLE`, `GITLAB_RATE_LIMITED` (with `retryAfterMs`),
 * `GITLAB_REFUSED` or `GITLAB_NOT_FOUND`; never an error that holds the request or its token.
 */
export interface GitLab {
  readonly instance: InstanceName;
  /** Host (and port) of its address: `gitlab.example.com`. Runners label their containers with it. */
  readonly host: string;
  /** The projects the token is a member of (at least Reporter), by id. */
  projects(): AsyncIterable<ProjectId>;
  job(project: ProjectId, job: JobId): Promise<GitLabJob>;
  /** Newest id first; pages are fetched as they are consumed, so stop reading when there is enough. */
  jobs(project: ProjectId, filter: JobFilter): AsyncIterable<GitLabJob>;
  /** The log from its first byte. Stop iterating and the connection is closed: a log may be many megabytes. */
  trace(project: ProjectId, job: JobId): AsyncIterable<Uint8Array>;
  /** The runners the token may see: all of the instance for an administrator, else its owner's. */
  runners(): AsyncIterable<RunnerId>;
  /** The managers of a runner. `GITLAB_REFUSED` where the token may not see them. */
  managers(runner: RunnerId): Promise<readonly SystemId[]>;
  /** Jobs the runner took, newest id first, in projects where the token is at least Reporter. */
  runnerJobs(runner: RunnerId, filter: 'any' | 'running'): AsyncIterable<GitLabJob>;
  /** As it was at this commit. */
  configuration(project: ProjectId, commit: string): Promise<MergedConfiguration>;
}
