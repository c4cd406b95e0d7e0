import type { Clock } from '@sideband/shared/clock';
import type { JobId } from '@sideband/shared/names';
import type { GitLabStandIn, JobRequest } from '../gitlab/stand-in.ts';
import type { PullPolicy } from './acquire-image.ts';
import type { RunnerEngine } from './engine.ts';
import type { Trace, TraceRunner } from './trace.ts';
import type { TraceFormat } from './trace-writer.ts';

/** One runner manager. */
export interface RunnerIdentity extends TraceRunner {
  /** The runner's record in GitLab. */
  readonly runnerId: number;
  /** Of the machine the manager runs on. */
  readonly hostname: string;
  /** Which of its concurrent jobs this is; 0 unless told. */
  readonly slot?: number;
}

/** A pull that failed; `attempt` counts from 1. */
export interface PullFailure {
  readonly image: string;
  readonly noSpace: boolean;
  readonly attempt: number;
  readonly reason: string;
}

/** What happened on the host. `image` is the name the job asked for. */
export type RunnerEvent =
  | { readonly kind: 'found' | 'pulled'; readonly image: string; readonly id: string }
  /** The image was evicted between its pull and its container, and had to be pulled again. */
  | { readonly kind: 'repulled'; readonly image: string; readonly id: string }
  | ({ readonly kind: 'pull-failed' } & PullFailure)
  /** The image was evicted between the runner's last look at it and its container: the job fails for that. */
  | { readonly kind: 'create-failed-image-missing'; readonly image: string; readonly id: string }
  | { readonly kind: 'job-failed'; readonly reason: string };

export interface JobRun {
  readonly gitlab: GitLabStandIn;
  readonly engine: RunnerEngine;
  readonly runner: RunnerIdentity;
  readonly clock: Clock;
  /** `pending` in GitLab. */
  readonly job: JobId;
  readonly image: string;
  readonly services?: readonly string[];
  /** With it a `predefined` container of this image exists from the preparation on. */
  readonly helper?: string;
  /** Tried in turn; `if-not-present` unless told. Name one several times to try it again. */
  readonly policies?: readonly PullPolicy[];
  /** Awaited after each pull that failed, before the next policy: the place to wait for room. */
  readonly onPullFailed?: (failure: PullFailure) => Promise<void>;
  /** Between the last pull and the build container, while sources and caches are fetched: seconds to minutes. */
  readonly inPreparationGap?: () => Promise<void>;
  /** Whether containers are started, or only created (a tenth of the time). */
  readonly start?: boolean;
  /** `timestamped` unless told. */
  readonly format?: TraceFormat;
  /** What the script prints. A job's author may print anything. */
  readonly output?: readonly string[];
  readonly onEvent?: (event: RunnerEvent) => void;
}

/** What is kept of a job while it is at work. */
export interface JobContext {
  readonly request: JobRequest;
  readonly engine: RunnerEngine;
  readonly trace: Trace;
  readonly policies: readonly PullPolicy[];
  /** Image ids by the names they were asked for in this job. */
  readonly used: Map<string, string>;
  say(text: string): void;
  report(event: RunnerEvent): void;
  onPullFailed(failure: PullFailure): Promise<void>;
}

/** A job whose build container exists. Hand it to `finishJob`. */
export interface RunningJob {
  readonly run: JobRun;
  readonly context: JobContext;
  /** Ids, in the order they were made; the build container is the last. */
  readonly containers: readonly string[];
}
