import { join } from 'node:path';
import type { HostRecords } from '@sideband/shared/hosts/records';
import { writeAtomically } from '@sideband/shared/write-atomically';

/** Where there is no Redis, the last report is a file in the state directory: what would go next, and why. */
export function createReportFile(stateDirectory: string): Pick<HostRecords, 'publishReport'> {
  const path = join(stateDirectory, 'report.json');
  return { publishReport: (report) => writeAtomically(path, `${JSON.stringify(report)}\n`) };
}
