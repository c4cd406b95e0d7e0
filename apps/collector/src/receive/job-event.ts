import type { resolveQueue } from '@sideband/shared/queues/catalogue';
import type { PayloadOf } from '@sideband/shared/queues/define';

/** What is put on the queue when something was heard of a job. */
export type JobEvent = PayloadOf<(typeof resolveQueue.jobs)['job-event']>;

/**
 * The queue's id for the event: the same news twice is one queue job. BullMQ allows no colon in an id; the
 * last three parts hold no hyphen, so two events never share an id.
 */
export function jobEventId(event: Pick<JobEvent, 'instance' | 'project' | 'job' | 'status'>): string {
  return `${event.instance}-${event.project}-${event.job}-${event.status}`;
}
