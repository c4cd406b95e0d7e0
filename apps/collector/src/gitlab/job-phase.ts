import type { JobPhase } from './port.ts';

/**
 * What GitLab's word for a job's state means here.
 * - `canceling` is still running: its `after_script` and clean-up use the containers (GitLab 17.0).
 * - `skipped` and `manual` have not ended: GitLab sends the same job id back to `created` when an earlier
 *   job is retried or somebody presses play (`CommitStatus`, event `process`), and it may run then.
 * - A word we do not know counts as waiting too, so that reconcile looks at the job again.
 */
export function jobPhase(status: string): JobPhase {
  switch (status) {
    case 'success':
    case 'failed':
    case 'canceled':
      return 'ended';
    case 'running':
    case 'canceling':
      return 'running';
    default:
      return 'waiting';
  }
}
