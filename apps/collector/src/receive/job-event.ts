import type { JobKey } from '@sideband/shared/names';
import type { onboardQueue, resolveQueue } from '@sideband/shared/queues/catalogue';
import type { PayloadOf } from '@sideband/shared/queues/define';

/** What is put on the queue when something was heard of a job. */
export type JobEvent = PayloadOf<(typeof resolveQueue.jobs)['job-event']>;

/** An event and the queue's id for it: the same id twice is one queue job. */
export interface QueuedEvent {
  readonly id: string;
  readonly event: JobEvent;
}

/** What is put on the queue when a project was made or is gone. */
export interface OnboardEvent {
  readonly id: string;
  readonly name: keyof typeof onboardQueue.jobs;
  readonly payload: PayloadOf<(typeof onboardQueue.jobs)['project-created']>;
}

/**
 * The queue's id for the event: the same news twice is one queue job. BullMQ allows no colon in an id; the
 * last three parts hold no hyphen, so two events never share an id.
 */
export function jobEventId(event: Pick<JobEvent, 'instance' | 'project' | 'job' | 'status'>): string {
  return `${event.instance}-${event.project}-${event.job}-${event.status}`;
}

export function onboardEvent(
  name: OnboardEvent['name'],
  { instance, project }: Pick<JobKey, 'instance' | 'project'>,
): OnboardEvent {
  return { id: `${instance}-${project}-${name}`, name, payload: { instance, project } };
}
