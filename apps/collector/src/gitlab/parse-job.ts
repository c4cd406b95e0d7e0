import type { Millis } from '@sideband/shared/clock';
import { parseGitLabTime } from '@sideband/shared/gitlab-time';
import {
  type ProjectId,
  parseJobId,
  parseProjectId,
  parseRunnerId,
  parseSystemId,
} from '@sideband/shared/names';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import { z } from 'zod';
import { jobPhase } from './job-phase.ts';
import type { GitLabJob } from './port.ts';

/** GitLab's own bound of a job's name. */
const NAME_LIMIT = 255;
const STATUS_LIMIT = 64;
const REF_LIMIT = 1_024;
const SOURCE_LIMIT = 64;
/** SHA-1, or SHA-256 where the repository has that. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

const time = z.string().transform((text, context): Millis => {
  const at = parseGitLabTime(text);
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: 'is no time as GitLab writes it' });
  return z.NEVER;
});
const timeOrNone = time.nullish().transform((at) => at ?? undefined);

/**
 * Only what is used is looked at: a field more, or one that changed its shape elsewhere, is no fault. What stands
 * beside the job (runner, manager, pipeline) may be unreadable: then it is not known, and the job is still good.
 */
const jobSchema = z.object({
  id: z.number(),
  name: z.string().transform((name) => name.slice(0, NAME_LIMIT)),
  status: z.string().max(STATUS_LIMIT),
  created_at: time,
  started_at: timeOrNone,
  finished_at: timeOrNone,
  ref: z.string().min(1).max(REF_LIMIT).nullish().catch(undefined),
  runner: z.object({ id: z.unknown() }).nullish().catch(undefined),
  runner_manager: z.object({ system_id: z.string() }).nullish().catch(undefined),
  pipeline: z
    .object({
      sha: z.string().regex(COMMIT).nullish().catch(undefined),
      source: z.string().min(1).max(SOURCE_LIMIT).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  commit: z
    .object({ id: z.string().regex(COMMIT) })
    .nullish()
    .catch(undefined),
});

const projectSchema = z.object({ project: z.object({ id: z.number() }) });

/** Reads a job of `GET /projects/:id/jobs` or `/jobs/:job_id`. The refusal names fields, never their values. */
export function parseJob(project: ProjectId, raw: unknown): Result<GitLabJob, Refusal> {
  const parsed = jobSchema.safeParse(raw);
  if (!parsed.success) return refuse({ reason: 'bad-job', message: describe(parsed.error) });
  const { data } = parsed;
  const id = parseJobId(data.id);
  if (!id.ok) return id;
  return ok({
    project,
    id: id.value,
    name: data.name,
    status: data.status,
    phase: jobPhase(data.status),
    createdAt: data.created_at,
    startedAt: data.started_at,
    finishedAt: data.finished_at,
    runner: known(parseRunnerId(data.runner?.id)),
    systemId: known(parseSystemId(data.runner_manager?.system_id ?? '')),
    commit: data.pipeline?.sha ?? data.commit?.id,
    ref: data.ref ?? undefined,
    pipelineSource: data.pipeline?.source ?? undefined,
  });
}

/** Reads a job of `GET /runners/:id/jobs`, which says itself of which project it is. */
export function parseRunnerJob(raw: unknown): Result<GitLabJob, Refusal> {
  const parsed = projectSchema.safeParse(raw);
  if (!parsed.success) return refuse({ reason: 'bad-job', message: describe(parsed.error) });
  const project = parseProjectId(parsed.data.project.id);
  return project.ok ? parseJob(project.value, raw) : project;
}

function known<T>(result: Result<T, Refusal>): T | undefined {
  return result.ok ? result.value : undefined;
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'job'}: ${issue.message}`).join('; ');
}
