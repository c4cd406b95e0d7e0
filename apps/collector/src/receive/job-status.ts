import type { JobEvent } from './job-event.ts';

/**
 * What a job's status in GitLab means here. `not-needed`: the job waits for a person, a time or another job and may
 * never need an image, or it will be heard of again within seconds. Undefined for a status of a later GitLab.
 */
export function jobStatus(status: string): JobEvent['status'] | 'not-needed' | undefined {
  switch (status) {
    case 'created':
    case 'pending':
      return 'expected';
    case 'running':
      return 'running';
    case 'success':
    case 'failed':
    case 'canceled':
      return 'ended';
    case 'manual':
    case 'skipped':
    case 'scheduled':
    case 'preparing':
    case 'waiting_for_resource':
    case 'waiting_for_callback':
    case 'canceling':
      return 'not-needed';
  }
  return undefined;
}
