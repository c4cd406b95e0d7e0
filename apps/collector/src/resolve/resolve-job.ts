import type { resolveQueue } from '@sideband/shared/queues/catalogue';
import type { HandlerContext, Handlers } from '@sideband/shared/queues/define';
import { resolveEnded } from './resolve-ended.ts';
import { resolveExpected } from './resolve-expected.ts';
import { resolveRunning } from './resolve-running.ts';
import { askGitLab, contradicted } from './resolver-ask.ts';
import { type JobEvent, readHint } from './resolver-hint.ts';
import {
  type HeardJob,
  type Hint,
  nothingDone,
  type Resolved,
  type ResolverParts,
} from './resolver-parts.ts';

/**
 * The worker of the resolve queue. An event is a hint: what becomes evidence of a use is only what GitLab itself says
 * of the job, and a hook's own times and names count where the job's trace shows that there was such a job. A project's
 * maintainer can have a hook say anything of the project's jobs, so its times are cut at its receipt.
 *
 * Outcomes besides those of `resolveExpected`, `resolveRunning` and `resolveEnded`: `known` (dealt with before),
 * `gone` (GitLab does not know the job any more), `not-ended` and `not-running` (the hint was wrong).
 * Throws `JOB_INVALID`, what GitLab's port throws, and `REDIS_UNAVAILABLE`.
 */
export function createResolver(parts: ResolverParts): Handlers<typeof resolveQueue.jobs> {
  return {
    async 'job-event'(event, context) {
      const resolved = await resolveJob(parts, event, context);
      parts.onResolved?.(resolved.outcome);
      return resolved;
    },
  };
}

async function resolveJob(parts: ResolverParts, event: JobEvent, context: HandlerContext): Promise<Resolved> {
  const hint = readHint(parts, event, context);
  const { instance, project, job } = hint.key;
  const known = await parts.ledger.knownEnded(instance, project, [job]);
  if (known.has(job)) return nothingDone('known');

  const told = await resolveTold(parts, hint, event.status);
  if (told !== undefined) return told;
  if (event.status === 'expected') return nothingDone('nothing-known');
  const asked = await askGitLab(hint);
  if (asked === undefined) return nothingDone('gone');
  if (asked.job.phase === 'ended') return await resolveEnded(parts, asked);
  const isRunning = asked.job.phase === 'running' && event.status === 'running';
  const running = isRunning ? await resolveRunning(parts, asked) : undefined;
  return running ?? contradicted(asked, event.status);
}

/** By what the event itself says, as far as that is enough. */
async function resolveTold(
  parts: ResolverParts,
  hint: Hint | HeardJob,
  status: JobEvent['status'],
): Promise<Resolved | undefined> {
  if (!('job' in hint)) return undefined;
  if (status === 'expected') return await resolveExpected(parts, hint);
  if (status === 'running') return await resolveRunning(parts, hint);
  return hint.job.finishedAt === undefined ? undefined : await resolveEnded(parts, hint);
}
