import type { Millis } from '@sideband/shared/clock';
import type { InstanceName, JobId, ProjectId, SystemId } from '@sideband/shared/names';

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
  /** The runner manager that took the job; absent before pick-up and on GitLab before about 16.11. */
  readonly systemId: SystemId | undefined;
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
  /** Newest first; pages are fetched as they are consumed, so stop reading when there is enough. */
  jobs(project: ProjectId, filter: { readonly running: boolean }): AsyncIterable<GitLabJob>;
  /** The log from its first byte. Stop iterating and the connection is closed: a log may be many megabytes. */
  trace(project: ProjectId, job: JobId): AsyncIterable<Uint8Array>;
}
