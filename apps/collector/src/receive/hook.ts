import type { JobId, ProjectId } from '@sideband/shared/names';
import type { JobEvent, OnboardEvent } from './job-event.ts';

/** One job of a hook. The details are there only if all that belongs to them could be read. */
export interface HeardJob {
  readonly job: JobId;
  readonly status: JobEvent['status'];
  readonly details?: JobEvent['details'];
}

/** What a hook's body says, as far as it matters here. */
export type Hook =
  | {
      readonly kind: 'jobs';
      readonly project: ProjectId;
      readonly jobs: readonly HeardJob[];
      /** Jobs of a pipeline that were not looked at, since there are too many. */
      readonly leftOut: number;
      /** Jobs of a pipeline that GitLab cannot have meant so: the first one's problem, and how many. */
      readonly unreadable: { readonly count: number; readonly problem: string } | undefined;
    }
  | { readonly kind: 'project'; readonly name: OnboardEvent['name']; readonly project: ProjectId }
  | { readonly kind: 'wrong-project'; readonly project: ProjectId }
  | { readonly kind: 'not-needed' }
  | { readonly kind: 'other-event' }
  | { readonly kind: 'unknown-status'; readonly status: string };
