import type { Clock } from '@sideband/shared/clock';
import type { HostRecords, HostReport, Notice, Registration } from '@sideband/shared/hosts/records';
import { type HostStatus, hostStatus } from './host-status.ts';

interface HostSummary {
  readonly host: string;
  readonly mode: Registration['mode'];
  readonly systemIds: readonly string[];
  readonly seenAt: number;
  readonly status: HostStatus;
  /** What it shares with other hosts. */
  readonly notice: Notice;
  /** Null until the reaper's first cycle has ended. */
  readonly report: ReportSummary | null;
}

interface ReportSummary {
  readonly at: number;
  readonly engine: string;
  readonly state: string;
  readonly images: number;
  /** How many of them would go now. */
  readonly evictable: number;
  readonly imageBytes: number;
  readonly budgetBytes: number | null;
  readonly filesystems: HostReport['filesystems'];
  readonly evidence: HostReport['evidence'];
  readonly warnings: HostReport['warnings'];
}

/** All hosts, by name. */
export interface Fleet {
  hosts(): Promise<readonly HostSummary[]>;
}

/** Finding the hosts reads the names of all keys, and every open page asks: so the answer is kept this long. */
const FRESH_MS = 10_000;

export type FleetRecords = Pick<HostRecords, 'registrations' | 'report' | 'notice'>;

export function createFleet(records: FleetRecords, clock: Clock): Fleet {
  let kept: { readonly until: number; readonly hosts: Promise<readonly HostSummary[]> } | undefined;
  return {
    hosts() {
      const now = clock.now();
      if (kept === undefined || now >= kept.until) {
        const hosts = readFleet(records, clock);
        const entry = { until: now + FRESH_MS, hosts };
        kept = entry;
        hosts.catch(() => {
          if (kept === entry) kept = undefined;
        });
      }
      return kept.hosts;
    },
  };
}

async function readFleet(records: FleetRecords, clock: Clock): Promise<readonly HostSummary[]> {
  const registrations = await records.registrations();
  const hosts: HostSummary[] = [];
  // One after the other: a report may hold some hundred kilobytes, and one of them in memory is enough.
  for (const registration of registrations) {
    const report = await records.report(registration.host);
    const notice = await records.notice(registration.host);
    hosts.push(summarise(registration, report, notice, clock.now()));
  }
  return hosts.sort((a, b) => (a.host < b.host ? -1 : 1));
}

function summarise(
  registration: Registration,
  report: HostReport | undefined,
  notice: Notice,
  now: number,
): HostSummary {
  const { host, mode, systemIds, seenAt } = registration;
  return {
    host,
    mode,
    systemIds,
    seenAt,
    status: hostStatus(registration, report, now),
    notice,
    report: report === undefined ? null : summariseReport(report),
  };
}

function summariseReport(report: HostReport): ReportSummary {
  const { images, at, engine, state, imageBytes, budgetBytes, filesystems, evidence, warnings } = report;
  const evictable = images.filter((image) => image.verdict === 'evict').length;
  return {
    ...{ at, engine, state, images: images.length, evictable },
    ...{ imageBytes, budgetBytes, filesystems, evidence, warnings },
  };
}
