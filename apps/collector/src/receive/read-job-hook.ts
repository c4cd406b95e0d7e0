import { type ProjectId, parseJobId } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result } from '@sideband/shared/result';
import type { Hook } from './hook.ts';
import { bothForms, readDetails } from './job-details.ts';
import { jobStatus } from './job-status.ts';
import { badField, type JsonObject, kindOf, readId } from './read-json.ts';

/** Reads a job hook (`object_kind: build`). */
export function readJobHook(project: ProjectId, body: JsonObject): Result<Hook, Refusal> {
  const job = readId('build_id', body['build_id'], parseJobId);
  if (!job.ok) return job;
  const given = body['build_status'];
  if (typeof given !== 'string') return badField('build_status', `is ${kindOf(given)}, expected a text`);
  const status = jobStatus(given);
  if (status === undefined) return ok({ kind: 'unknown-status', status: quote(given) });
  if (status === 'not-needed') return ok({ kind: 'not-needed' });

  const details = readDetails(status, {
    name: body['build_name'],
    createdAt: bothForms(body, 'build_created_at'),
    startedAt: bothForms(body, 'build_started_at'),
    finishedAt: bothForms(body, 'build_finished_at'),
    runner: body['runner'],
  });
  const heard = { job: job.value, status, ...(details === undefined ? {} : { details }) };
  return ok({ kind: 'jobs', project, jobs: [heard], leftOut: 0, unreadable: undefined });
}
