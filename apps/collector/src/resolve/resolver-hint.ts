import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import {
  parseInstanceName,
  parseJobId,
  parseProjectId,
  parseRunnerId,
  parseSystemId,
} from '@sideband/shared/names';
import type { resolveQueue } from '@sideband/shared/queues/catalogue';
import type { HandlerContext, PayloadOf } from '@sideband/shared/queues/define';
import type { Refusal, Result } from '@sideband/shared/result';
import type { HeardJob, Hint, JobFacts, ResolverParts } from './resolver-parts.ts';

export type JobEvent = PayloadOf<(typeof resolveQueue.jobs)['job-event']>;

/** A hook can be ahead of the database the API reads (a replica): the queue's pauses between tries are 2, 4, 8 s. */
const LAG_ATTEMPTS = 4;

/** Whom the event is about. Throws `JOB_INVALID` where a name or a number in it is none, or its GitLab is not ours. */
export function readHint(
  { gitlabs }: ResolverParts,
  event: JobEvent,
  { attempt }: HandlerContext,
): Hint | HeardJob {
  const instance = sound(parseInstanceName(event.instance));
  const key = {
    instance,
    project: sound(parseProjectId(event.project)),
    job: sound(parseJobId(event.job)),
  };
  const gitlab = gitlabs.get(instance);
  if (gitlab === undefined) {
    throw new SidebandError('JOB_INVALID', { problem: 'no GitLab of this name is configured', instance });
  }
  const receivedAt = event.receivedAt as Millis;
  const hint = { key, gitlab, receivedAt, mayLag: attempt < LAG_ATTEMPTS };
  if (event.details === undefined) return hint;
  return { ...hint, job: readDetails(event.details), confirmed: event.details.confirmed ?? false };
}

function readDetails(details: NonNullable<JobEvent['details']>): JobFacts {
  const { name, createdAt, startedAt, finishedAt, runner, systemId } = details;
  return {
    name,
    createdAt: createdAt as Millis,
    startedAt: startedAt as Millis | undefined,
    finishedAt: finishedAt as Millis | undefined,
    runner: runner === undefined ? undefined : sound(parseRunnerId(runner)),
    systemId: systemId === undefined ? undefined : sound(parseSystemId(systemId)),
  };
}

function sound<T>(parsed: Result<T, Refusal>): T {
  if (parsed.ok) return parsed.value;
  throw new SidebandError('JOB_INVALID', { problem: parsed.error.message });
}
