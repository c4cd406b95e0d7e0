import type { Millis } from '@sideband/shared/clock';
import type { GroupId, JobId, ProjectId, RunnerId } from '@sideband/shared/names';
import type { FileHook } from './broadcast.ts';
import type { Configuration } from './configurations.ts';
import type { HookCounts } from './deliveries.ts';
import type { HookOwner, HookRecord, NewHook } from './hook-record.ts';
import type { HookOptions, HookTraffic } from './hook-target.ts';
import type { HookTemplate } from './hook-template.ts';
import type { NewGroup, NewProject } from './namespaces.ts';
import type { EndStatus, NewJob, NewPipeline } from './records.ts';
import type { NewRunner, PickUp } from './runners.ts';
import type { JobRequest } from './stand-in.ts';

/** The jobs of a pipeline, in the order they were named. */
interface CreatedPipeline {
  readonly pipeline: number;
  readonly jobs: readonly JobId[];
}

/** Each change is told by system hooks, and a project's coming and going by the hooks of its groups. */
export interface ProjectPanel {
  createGroup(group: NewGroup): GroupId;
  /** It belongs to the groups its path begins with, if there are such. */
  createProject(project: NewProject): ProjectId;
  /** Changes the last part of its path. */
  renameProject(project: number, name: string): void;
  /** Moves it below another namespace, which needs not be a group that was created. */
  transferProject(project: number, namespace: string): void;
  /** It is gone with its jobs and hooks: 404. */
  destroyProject(project: number): void;
  /** The merged configuration that `ci/lint` answers: the same for every commit, or by commit SHA. */
  setConfiguration(project: number, configuration: Configuration): void;
}

export interface JobPanel {
  /** A job that waits for its stage: status `created`, or `manual` when it waits for a person. Ids rise by one. */
  createJob(job: NewJob): JobId;
  /** Several at once, told in one pipeline hook as well. */
  createPipeline(pipeline: NewPipeline): CreatedPipeline;
  /** Its stage has come, or somebody started the manual job. */
  pending(job: JobId): void;
  /** A runner takes the job. */
  running(job: JobId, pickUp: PickUp): void;
  writeTrace(job: JobId, text: string | Uint8Array): void;
  /** `canceled` is possible from any status, the others from `running` only. */
  finish(job: JobId, status: EndStatus, options?: { readonly finishedAt?: Millis }): void;
  /** Somebody erases the log of an ended job. No hook tells of it. */
  erase(job: JobId): void;
  jobRequest(job: JobId): JobRequest;
  /** A runner made before any manager of it came; one that takes a job needs no making. */
  createRunner(runner: NewRunner): RunnerId;
  /** A runner process makes itself known without taking a job. */
  contact(manager: PickUp): void;
  knowsRunner(runner: number): boolean;
}

export interface HookPanel {
  /** Where hooks of every project go from now on, besides those that are registered; undefined sends none. */
  pointHookAt(hook: HookOptions | undefined): void;
  /** How the registered hooks travel from now on. */
  disturbHooks(traffic: HookTraffic): void;
  /** As the API would register it, without its checks. */
  registerHook(owner: HookOwner, hook: NewHook): number;
  /** What is kept of a registered hook, its secrets and its health included. */
  hook(id: number): Readonly<HookRecord>;
  /** A maintainer writes a custom template: the hook sends this instead of the event. Undefined takes it away. */
  setTemplate(hook: number, template: HookTemplate | undefined): void;
  /** Tells of the pipeline as it is now. */
  sendPipelineHook(pipeline: number): void;
  /** Somebody presses "Resend" for the newest deliveries: same `Idempotency-Key`, at once, with a new time. */
  resendHooks(count?: number): void;
  /** Nothing leaves from now on, as while Sidekiq's queue is stuck for hours; `settled` waits for none of it. */
  holdHooks(): void;
  /** Sends what was held back, one after another; resolves when the last was answered or has failed. */
  releaseHooks(order?: 'forwards' | 'backwards'): Promise<void>;
  /** An executable in GitLab's `file_hooks/`: any project's job and pipeline payloads, and the system's events. */
  onFileHook(hook: FileHook): void;
  hookCounts(): HookCounts;
  /** Resolves when every hook that is scheduled has been answered or has failed. */
  settled(): Promise<void>;
}
