import { type JobId, type ProjectId, parseJobId, parseProjectId } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import type { JobEvent } from './job-event.ts';

/** What a hook's body says, as far as it matters here. */
export type Hook =
  | {
      readonly kind: 'job';
      readonly project: ProjectId;
      readonly job: JobId;
      readonly status: JobEvent['status'];
    }
  /** A pipeline, a push, a system hook: not ours, and no fault of the sender. */
  | { readonly kind: 'other-event' }
  /** A job that uses no image yet. */
  | { readonly kind: 'not-needed' }
  | { readonly kind: 'unknown-status'; readonly status: string };

/**
 * Reads the body of an authenticated hook. Fields that are not used are not looked at, so a field more or a
 * template of the operator's own is no fault. Refuses what GitLab cannot have meant, saying what and where.
 */
export function readHook(body: Buffer): Result<Hook, Refusal> {
  const json = parseJson(body);
  if (!json.ok) return json;
  if (!isRecord(json.value)) return bad('bad-shape', `the body is ${kindOf(json.value)}, expected an object`);
  if (json.value['object_kind'] !== 'build') return ok({ kind: 'other-event' });
  return readJob(json.value);
}

function readJob(body: Record<string, unknown>): Result<Hook, Refusal> {
  const status = body['build_status'];
  switch (status) {
    case 'running':
      return readIds(body, 'running');
    case 'success':
    case 'failed':
    case 'canceled':
      return readIds(body, 'ended');
    case 'created':
    case 'pending':
      return ok({ kind: 'not-needed' });
  }
  if (typeof status === 'string') return ok({ kind: 'unknown-status', status: quote(status) });
  return bad('bad-field', `build_status: is ${kindOf(status)}, expected a text`);
}

function readIds(body: Record<string, unknown>, status: JobEvent['status']): Result<Hook, Refusal> {
  const project = parseProjectId(body['project_id']);
  if (!project.ok) return bad('bad-field', `project_id: ${project.error.message}`);
  const job = parseJobId(body['build_id']);
  if (!job.ok) return bad('bad-field', `build_id: ${job.error.message}`);
  return ok({ kind: 'job', project: project.value, job: job.value, status });
}

function parseJson(body: Buffer): Result<unknown, Refusal> {
  if (body.byteLength === 0) return bad('bad-json', 'the body is empty, expected JSON');
  try {
    return ok(JSON.parse(body.toString('utf8')));
  } catch (error) {
    return bad('bad-json', `the body of ${body.byteLength} bytes is no JSON${where(error)}`);
  }
}

/** V8 says where for some faults only, and quotes the text in others: only the position is passed on. */
function where(error: unknown): string {
  const message = error instanceof SyntaxError ? error.message : '';
  if (/^Unexpected end|^Unterminated/.test(message)) return ': it breaks off before its end';
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? '' : `: the fault is at character ${position}`;
}

function bad(reason: string, message: string): Result<never, Refusal> {
  return refuse({ reason, message });
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
