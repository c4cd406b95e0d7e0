import { type ProjectId, parseJobId } from '@sideband/shared/names';
import { ok, type Refusal, type Result } from '@sideband/shared/result';
import type { HeardJob, Hook } from './hook.ts';
import { bothForms, readDetails } from './job-details.ts';
import { jobStatus } from './job-status.ts';
import { badField, isRecord, type JsonObject, kindOf, readId } from './read-json.ts';

/** GitLab's own default limit of a pipeline's size where one is set at all; some 2 MB of body. */
const MOST_BUILDS = 2_000;

/** Reads a pipeline hook (`object_kind: pipeline`): every job in it that waits for its runner, runs or has ended. */
export function readPipeline(project: ProjectId, body: JsonObject): Result<Hook, Refusal> {
  const builds: unknown = body['builds'];
  if (!Array.isArray(builds)) return badField('builds', `is ${kindOf(builds)}, expected a list`);

  const jobs: HeardJob[] = [];
  const problems: string[] = [];
  for (const [index, build] of builds.slice(0, MOST_BUILDS).entries()) {
    const heard = readBuild(build);
    if (!heard.ok) problems.push(`builds[${index}].${heard.error.message}`);
    else if (heard.value !== undefined) jobs.push(heard.value);
  }
  const [problem] = problems;
  return ok({
    kind: 'jobs',
    project,
    jobs,
    leftOut: Math.max(0, builds.length - MOST_BUILDS),
    unreadable: problem === undefined ? undefined : { count: problems.length, problem },
  });
}

/** The id of the pipeline's project, not yet read. */
export function pipelineProject(body: JsonObject): unknown {
  const project = body['project'];
  return isRecord(project) ? project['id'] : undefined;
}

/** Undefined for a job of which nothing follows now; a status of a later GitLab is one of them. */
function readBuild(build: unknown): Result<HeardJob | undefined, Refusal> {
  if (!isRecord(build)) return badField('id', `is in ${kindOf(build)}, expected an object`);
  const job = readId('id', build['id'], parseJobId);
  if (!job.ok) return job;
  const given = build['status'];
  if (typeof given !== 'string') return badField('status', `is ${kindOf(given)}, expected a text`);
  const status = jobStatus(given);
  if (status === undefined || status === 'not-needed') return ok(undefined);
  const details = readDetails(status, {
    name: build['name'],
    createdAt: bothForms(build, 'created_at'),
    startedAt: bothForms(build, 'started_at'),
    finishedAt: bothForms(build, 'finished_at'),
    runner: build['runner'],
  });
  return ok({ job: job.value, status, ...(details === undefined ? {} : { details }) });
}
