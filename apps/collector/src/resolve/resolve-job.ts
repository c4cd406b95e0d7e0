import type { Millis } from '@sideband/shared/clock';
import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import { type JobKey, parseInstanceName, parseJobId, parseProjectId } from '@sideband/shared/names';
import type { resolveQueue } from '@sideband/shared/queues/catalogue';
import type { HandlerContext, Handlers, PayloadOf } from '@sideband/shared/queues/define';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import { resolveEnded } from './resolve-ended.ts';
import { resolveRunning } from './resolve-running.ts';
import { nothingDone, type Resolved, type ResolverParts } from './resolver-parts.ts';

type JobEvent = PayloadOf<(typeof resolveQueue.jobs)['job-event']>;

/** A hook can be ahead of the database the API reads (a replica): the queue's pauses between tries are 2, 4, 8 s. */
const LAG_ATTEMPTS = 4;

/**
 * The worker of the resolve queue. An event is a hint; what counts is the job as GitLab has it.
 *
 * Outcomes besides those of `resolveEnded` and `resolveRunning`: `known` (dealt with before), `gone` (GitLab does
 * not know the job any more), `not-ended` and `not-running` (the hint was wrong).
 * Throws `JOB_INVALID`, what GitLab's port throws, and `REDIS_UNAVAILABLE`.
 */
export function createResolver(parts: ResolverParts): Handlers<typeof resolveQueue.jobs> {
  return { 'job-event': (event, context) => resolveJob(parts, event, context) };
}

async function resolveJob(parts: ResolverParts, event: JobEvent, context: HandlerContext): Promise<Resolved> {
  const { key, gitlab } = readEvent(parts, event);
  const known = await parts.ledger.knownEnded(key.instance, key.project, [key.job]);
  if (known.has(key.job)) return nothingDone('known');

  const job = await askForJob(gitlab, key);
  if (job === undefined) return nothingDone('gone');
  const mayLag = context.attempt < LAG_ATTEMPTS;
  const heard = { key, gitlab, job, receivedAt: event.receivedAt as Millis, mayLag };
  if (job.phase === 'ended') return await resolveEnded(parts, heard);
  if (job.phase === 'running' && event.status === 'running') return await resolveRunning(parts, heard);

  if (mayLag) {
    throw new SidebandError('GITLAB_UNAVAILABLE', { job: key, heard: event.status, status: job.status });
  }
  return nothingDone(event.status === 'ended' ? 'not-ended' : 'not-running');
}

function readEvent(
  { gitlabs }: ResolverParts,
  event: JobEvent,
): { readonly key: JobKey; readonly gitlab: GitLab } {
  const instance = parseInstanceName(event.instance);
  const project = parseProjectId(event.project);
  const job = parseJobId(event.job);
  const refused = [instance, project, job].find((part) => !part.ok);
  if (refused !== undefined && !refused.ok) {
    throw new SidebandError('JOB_INVALID', { problem: refused.error.message });
  }
  const gitlab = instance.ok ? gitlabs.get(instance.value) : undefined;
  if (!instance.ok || !project.ok || !job.ok || gitlab === undefined) {
    throw new SidebandError('JOB_INVALID', { problem: 'no GitLab of this name is configured', event });
  }
  return { key: { instance: instance.value, project: project.value, job: job.value }, gitlab };
}

async function askForJob(gitlab: GitLab, { project, job }: JobKey): Promise<GitLabJob | undefined> {
  try {
    return await gitlab.job(project, job);
  } catch (error) {
    if (isSidebandError(error, 'GITLAB_NOT_FOUND')) return undefined;
    throw error;
  }
}
