import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import { type AskedJob, type Hint, nothingDone, type Resolved } from './resolver-parts.ts';

/** The job as GitLab has it. Undefined where GitLab does not know it, or not any more. */
export async function askGitLab(hint: Hint): Promise<AskedJob | undefined> {
  const { gitlab, key } = hint;
  try {
    return { ...hint, job: await gitlab.job(key.project, key.job), confirmed: true };
  } catch (error) {
    if (isSidebandError(error, 'GITLAB_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** GitLab says otherwise than the event: that may be because it lags behind its own hooks. */
export function contradicted({ key, job, mayLag }: AskedJob, heard: 'running' | 'ended'): Resolved {
  if (!mayLag) return nothingDone(heard === 'ended' ? 'not-ended' : 'not-running');
  throw new SidebandError('GITLAB_UNAVAILABLE', { job: key, heard, status: job.status });
}
