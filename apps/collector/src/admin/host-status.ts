import type { HostReport, Registration } from '@sideband/shared/hosts/records';

/** The one thing about a host that an operator should know first. */
export interface HostStatus {
  /** `bad`: act now. `warn`: look. `note`: good to know. `ok`: nothing. */
  readonly level: 'ok' | 'note' | 'warn' | 'bad';
  readonly code:
    | 'silent'
    | 'emergency'
    | 'low'
    | 'over-budget'
    | 'no-report'
    | 'report-old'
    | 'stale'
    | 'observing'
    | 'healthy';
  /** Since when, in milliseconds, where that is known. */
  readonly since: number | null;
}

/** A reaper reports every minute; this is three heartbeats. */
const SILENT_AFTER_MS = 3 * 60_000;

/** The first that is true, worst first. */
export function hostStatus(
  registration: Registration,
  report: HostReport | undefined,
  now: number,
): HostStatus {
  if (now - registration.seenAt > SILENT_AFTER_MS) return status('bad', 'silent', registration.seenAt);
  if (report === undefined) return status('note', 'no-report');
  if (report.state === 'emergency') return status('bad', 'emergency');
  if (isLow(report)) return status('bad', 'low');
  if (report.budgetBytes !== null && report.imageBytes > report.budgetBytes)
    return status('warn', 'over-budget');
  // It lives but its cycles do not end: the engine hangs, or refuses.
  if (now - report.at > SILENT_AFTER_MS) return status('warn', 'report-old', report.at);
  if (report.evidence.kind === 'stale') return status('warn', 'stale', report.evidence.asOf);
  if (report.mode === 'observe') return status('note', 'observing');
  return status('ok', 'healthy');
}

/** Bytes or inodes: the reaper's word tells of both, the numbers here only of bytes. */
function isLow(report: HostReport): boolean {
  return report.state === 'low' || report.filesystems.some((disk) => disk.freeBytes < disk.startBytes);
}

function status(
  level: HostStatus['level'],
  code: HostStatus['code'],
  since: number | null = null,
): HostStatus {
  return { level, code, since };
}
