import { formatBytes } from '@sideband/shared/byte-size';
import type { JournalEntry } from '@sideband/shared/hosts/records';

/** What the terminal shows of a running week. */
export interface Status {
  readonly engine: string;
  readonly atSeconds: number;
  readonly event: number;
  readonly events: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly images: number;
  readonly imageBytes: number;
  readonly budgetBytes: number | null;
  readonly jobs: number;
  readonly running: number;
  readonly pulls: number;
  readonly repulls: number;
  readonly bytesPulled: number;
  readonly bytesRepulled: number;
  readonly evictions: number;
  readonly last: JournalEntry | undefined;
}

const BAR = 30;

/** The lines of the live view; plain text, so that each fits and can be read without colour. */
export function renderStatus(status: Status): readonly string[] {
  const used = status.totalBytes - status.freeBytes;
  const budget = status.budgetBytes === null ? '' : ` of ${formatBytes(status.budgetBytes)} budget`;
  return [
    `week    ${bar(status.event / status.events)} ${dayAndTime(status.atSeconds)}, event ${status.event} of ${status.events}`,
    `disk    ${bar(used / status.totalBytes)} ${formatBytes(status.freeBytes)} free of ${formatBytes(status.totalBytes)} (${status.engine})`,
    `images  ${status.images} on the host, ${formatBytes(status.imageBytes)}${budget}`,
    `jobs    ${status.jobs} started, ${status.running} running`,
    `pulls   ${status.pulls}, of these ${status.repulls} re-pulls; ${formatBytes(status.bytesPulled)}, of these ${formatBytes(status.bytesRepulled)} re-pulled`,
    `evicted ${status.evictions}${lastEviction(status.last)}`,
  ];
}

function lastEviction(last: JournalEntry | undefined): string {
  if (last === undefined) return '';
  return `, last ${last.names[0] ?? last.image} (${last.reason}). ${last.explanation}`;
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** The week begins on 2023-03-31 at 21:57:09 UTC. */
const WEEK_BEGAN = 1_680_299_829;

function dayAndTime(atSeconds: number): string {
  const time = new Date((WEEK_BEGAN + atSeconds) * 1_000);
  return `${DAYS[time.getUTCDay()] ?? ''} ${time.toISOString().slice(11, 16)}`;
}
