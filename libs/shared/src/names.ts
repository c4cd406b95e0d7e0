import type { Brand } from './brand.ts';
import { quote } from './quote.ts';
import { ok, type Refusal, type Result, refuse } from './result.ts';

/** One container engine with its disk and the reaper beside it. Safe inside a Redis key. */
export type HostName = Brand<string, 'HostName'>;
/** The name an operator gave to one GitLab. Safe inside a Redis key. */
export type InstanceName = Brand<string, 'InstanceName'>;
/** Names one runner manager; cloned machines may share one. */
export type SystemId = Brand<string, 'SystemId'>;
export type ProjectId = Brand<number, 'ProjectId'>;
export type JobId = Brand<number, 'JobId'>;
/** A runner's record in GitLab; several machines may share one. */
export type RunnerId = Brand<number, 'RunnerId'>;
export type GroupId = Brand<number, 'GroupId'>;

/** A job, over all GitLabs. */
export interface JobKey {
  readonly instance: InstanceName;
  readonly project: ProjectId;
  readonly job: JobId;
}

export function formatJobKey(key: JobKey): string {
  return `${key.instance}/${key.project}/${key.job}`;
}

const KEY_SAFE = /^[a-z0-9.-]{1,63}$/;
// gitlab-runner writes exactly this into .runner_system_id (commands/internal/configfile/system_id_state.go).
const SYSTEM_ID = /^[sr]_[0-9A-Za-z]{12}$/;

export function parseHostName(text: string): Result<HostName, Refusal> {
  return KEY_SAFE.test(text) ? ok(text as HostName) : refuse(unsafe('host name', text));
}

export function parseInstanceName(text: string): Result<InstanceName, Refusal> {
  return KEY_SAFE.test(text) ? ok(text as InstanceName) : refuse(unsafe('instance name', text));
}

export function parseSystemId(text: string): Result<SystemId, Refusal> {
  if (SYSTEM_ID.test(text)) return ok(text as SystemId);
  return refuse({
    reason: 'bad-system-id',
    message: `${quote(text)} is no system id: expected s_ or r_ and 12 letters or digits`,
  });
}

export function parseProjectId(value: unknown): Result<ProjectId, Refusal> {
  return isPositiveId(value) ? ok(value as ProjectId) : refuse(notAnId('project', value));
}

export function parseJobId(value: unknown): Result<JobId, Refusal> {
  return isPositiveId(value) ? ok(value as JobId) : refuse(notAnId('job', value));
}

export function parseRunnerId(value: unknown): Result<RunnerId, Refusal> {
  return isPositiveId(value) ? ok(value as RunnerId) : refuse(notAnId('runner', value));
}

export function parseGroupId(value: unknown): Result<GroupId, Refusal> {
  return isPositiveId(value) ? ok(value as GroupId) : refuse(notAnId('group', value));
}

function isPositiveId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function unsafe(what: string, text: string): Refusal {
  return {
    reason: 'bad-name',
    message: `${quote(text)} is no ${what}: use 1 to 63 of a-z, 0-9, dot and hyphen`,
  };
}

/** A foreign object may have a `toString` that is none, or throws. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function notAnId(what: string, value: unknown): Refusal {
  return {
    reason: 'bad-id',
    message: `${quote(textOf(value))} is no ${what} id: expected a positive integer`,
  };
}
