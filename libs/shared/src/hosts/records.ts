import * as z from 'zod/mini';
import type { Millis } from '../clock.ts';
import type { HostName, SystemId } from '../names.ts';

/** What a reaper says of itself at its start and with each heartbeat. */
export interface Registration {
  readonly host: HostName;
  /** From the reaper's state directory: tells a renamed or cloned host. */
  readonly uuid: string;
  readonly systemIds: readonly SystemId[];
  readonly seenAt: Millis;
  readonly mode: 'observe' | 'enforce';
}

const reportedImage = z.object({
  id: z.string(),
  names: z.array(z.string()),
  /** Bytes of all its layers. */
  bytes: z.number(),
  /** Bytes of the layers that no other image present has. */
  ownBytes: z.number(),
  lastUseAt: z.nullable(z.number()),
  lastUseSource: z.nullable(z.string()),
  lastUseJob: z.nullable(z.string()),
  verdict: z.enum(['evict', 'keep']),
  reason: z.string(),
  explanation: z.string(),
});

/** The host as its last cycle saw it, in the order in which images would go. */
export const hostReport = z.object({
  host: z.string(),
  at: z.number(),
  mode: z.enum(['observe', 'enforce']),
  engine: z.string(),
  filesystems: z.array(
    z.object({
      path: z.string(),
      totalBytes: z.number(),
      freeBytes: z.number(),
      startBytes: z.number(),
      stopBytes: z.number(),
    }),
  ),
  imageBytes: z.number(),
  budgetBytes: z.nullable(z.number()),
  state: z.string(),
  images: z.array(reportedImage),
});
export type HostReport = z.infer<typeof hostReport>;

/** One eviction, done (`enforce`) or only reported (`observe`). */
export const journalEntry = z.object({
  at: z.number(),
  host: z.string(),
  outcome: z.enum(['evicted', 'would-evict', 'in-use', 'failed', 'shortfall']),
  image: z.string(),
  names: z.array(z.string()),
  /** Bytes the joint layer count says are freed. */
  bytes: z.number(),
  lastUseAt: z.nullable(z.number()),
  reason: z.string(),
  explanation: z.string(),
  freeBytesAfter: z.number(),
});
export type JournalEntry = z.infer<typeof journalEntry>;

/** What hosts say and the collector shows. A reaper writes only under its own host's keys. */
export interface HostRecords {
  register(registration: Registration): Promise<void>;
  /** Every host that registered within the last day. Reads the whole key space's names: call it seldom. */
  registrations(): Promise<readonly Registration[]>;
  publishReport(report: HostReport): Promise<void>;
  report(host: HostName): Promise<HostReport | undefined>;
  appendJournal(host: HostName, entries: readonly JournalEntry[]): Promise<void>;
  /** Newest first. */
  journal(host: HostName, limit: number): Promise<readonly JournalEntry[]>;
}
