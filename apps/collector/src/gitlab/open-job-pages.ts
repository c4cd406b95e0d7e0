import type { RequesterType } from '@gitbeaker/requester-utils';
import { isSidebandError } from '@sideband/shared/errors';
import type { ProjectId } from '@sideband/shared/names';
import { KEYSET, listPages } from './list-pages.ts';
import { pagesOr } from './pages-or.ts';

/** Of `CommitStatus::AVAILABLE_STATUSES` those that have not ended (see jobPhase), as GitLab 16.0 has them. */
const OPEN_STATUSES = [
  'created',
  'waiting_for_resource',
  'preparing',
  'pending',
  'running',
  'manual',
  'scheduled',
  'skipped',
];
/** Came later. A GitLab that does not know one of them refuses the whole request: `scope does not have a valid value`. */
const NEWER_STATUSES = ['waiting_for_callback', 'canceling'];

type Pages = AsyncGenerator<readonly unknown[], void>;

/** Lists the pages of a project's jobs that have not ended, newest id first. Learns once which statuses GitLab knows. */
export function createOpenJobPages(requester: RequesterType): (project: ProjectId) => Pages {
  let knowsNewer = true;

  function pages(project: ProjectId, scope: readonly string[]): Pages {
    return listPages(requester, `projects/${project}/jobs`, { ...KEYSET, sort: 'desc', scope });
  }

  return (project) => {
    const olderPages = (): Pages => pages(project, OPEN_STATUSES);
    if (!knowsNewer) return olderPages();
    return pagesOr(pages(project, [...OPEN_STATUSES, ...NEWER_STATUSES]), isBadRequest, () => {
      knowsNewer = false;
      return olderPages();
    });
  };
}

function isBadRequest(error: unknown): boolean {
  return isSidebandError(error) && error.details['status'] === 400;
}
