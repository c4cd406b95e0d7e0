import type { Millis } from '@sideband/shared/clock';
import { type ProjectId, parseJobId, parseSystemId, type SystemId } from '@sideband/shared/names';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import { z } from 'zod';
import { parseGitLabTime } from './gitlab-time.ts';
import { jobPhase } from './job-phase.ts';
import type { GitLabJob } from './port.ts';

/** GitLab's own bound of a job's name. */
const NAME_LIMIT = 255;
const STATUS_LIMIT = 64;

const time = z.string().transform((text, context): Millis => {
  const at = parseGitLabTime(text);
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: 'is no time as GitLab writes it' });
  return z.NEVER;
});
const timeOrNone = time.nullish().transform((at) => at ?? undefined);

/** Only what is used is looked at: a field more, or one that changed its shape elsewhere, is no fault. */
const jobSchema = z.object({
  id: z.number(),
  name: z.string().transform((name) => name.slice(0, NAME_LIMIT)),
  status: z.string().max(STATUS_LIMIT),
  created_at: time,
  started_at: timeOrNone,
  finished_at: timeOrNone,
  // A manager we cannot read is a machine we do not know; the job itself is still good.
  runner_manager: z.object({ system_id: z.string() }).nullish().catch(undefined),
});

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
    systemId: systemIdOf(data.runner_manager?.system_id),
  });
}

function systemIdOf(text: string | undefined): SystemId | undefined {
  if (text === undefined) return undefined;
  const systemId = parseSystemId(text);
  return systemId.ok ? systemId.value : undefined;
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'job'}: ${issue.message}`).join('; ');
}
