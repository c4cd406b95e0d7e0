import { compareLastUses } from '@sideband/shared/evidence/merge';
import type { LastUse } from '@sideband/shared/evidence/model';

/** As `compareLastUses` has it. What Redis answers is nearly always what is known, and to find equals equal it compares bytes. */
export function isLater(a: LastUse, b: LastUse): boolean {
  return !isSame(a, b) && compareLastUses(a, b) > 0;
}

function isSame(a: LastUse, b: LastUse): boolean {
  return (
    a.at === b.at &&
    a.source === b.source &&
    a.role === b.role &&
    a.jobName === b.jobName &&
    a.job?.job === b.job?.job &&
    a.job?.project === b.job?.project &&
    a.job?.instance === b.job?.instance
  );
}
