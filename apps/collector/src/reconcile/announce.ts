import type { Clock, Millis } from '@sideband/shared/clock';
import type { JobKey } from '@sideband/shared/names';
import type { GitLabJob } from '../gitlab/port.ts';
import type { JobEvent } from '../resolve/resolver-hint.ts';

export interface AnnounceParts {
  /**
   * Puts an event on the resolve queue; one whose id the queue still knows is not added again. `later`: after every
   * event of what happens now.
   */
  readonly enqueue: (
    jobId: string,
    event: JobEvent,
    options?: { readonly priority?: 'later' },
  ) => Promise<unknown>;
  readonly clock: Clock;
}

interface News {
  readonly key: JobKey;
  readonly status: JobEvent['status'];
  /** When reconcile first found it so. */
  readonly since: Millis;
  /** As GitLab's list has it; undefined: the resolver has to ask for the job. */
  readonly job: GitLabJob | undefined;
  readonly priority?: 'later';
}

/**
 * An event that waits in the queue is not added again, however often polls find its job. Its 12 tries take 1.2 hours;
 * if they fail it is brought up after twice this time, and each time after twice as long: a right that was missing
 * may be there by then, and a job that is gone costs seven requests in a week.
 */
const AGAIN_MS = 2 * 3_600_000;

/** Tells the resolver of a job. Throws `REDIS_UNAVAILABLE`. */
export async function announce({ enqueue, clock }: AnnounceParts, news: News): Promise<void> {
  const { instance, project, job: id } = news.key;
  const receivedAt = clock.now();
  const waits = Math.max(1, (receivedAt - news.since) / AGAIN_MS);
  // Not the id of the hook's event: the queue may still know that one, as done or as failed.
  const episode = `poll-${Math.floor(news.since / AGAIN_MS)}-${Math.floor(Math.log2(waits))}`;
  const details = news.job === undefined ? {} : { details: detailsOf(news.job) };
  await enqueue(
    `${instance}-${project}-${id}-${news.status}-${episode}`,
    { instance, project, job: id, status: news.status, receivedAt, ...details },
    news.priority === undefined ? {} : { priority: news.priority },
  );
}

function detailsOf(job: GitLabJob): NonNullable<JobEvent['details']> {
  const { name, createdAt, startedAt, finishedAt, runner, systemId } = job;
  return {
    ...{ name, createdAt, confirmed: true },
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(runner === undefined ? {} : { runner }),
    ...(systemId === undefined ? {} : { systemId }),
  };
}
