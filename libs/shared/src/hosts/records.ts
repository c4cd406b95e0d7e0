import * as z from 'zod/mini';
import type { Millis } from '../clock.ts';
import type { HostName, JobId, ProjectId, SystemId } from '../names.ts';

/** What a reaper says of itself at its start and with each heartbeat. */
export interface Registration {
  readonly host: HostName;
  /** From the reaper's state directory: tells a renamed or cloned host. */
  readonly uuid: string;
  readonly systemIds: readonly SystemId[];
  readonly seenAt: Millis;
  readonly mode: 'observe' | 'enforce';
  /** The same for every reaper beside this engine until the machine restarts, and for no other engine; empty: not known. */
  readonly engine: string;
  /** What an autoscaler calls the machine: the runner's traces name it so. Undefined: it was made by none, or nobody said. */
  readonly instance?: string;
}

/** A job whose containers are on a host, as their labels say. */
export interface JobClaim {
  /** Host (and port) of `job.url`: `gitlab.example.com`. */
  readonly gitlab: string;
  readonly project: ProjectId;
  readonly job: JobId;
}

/** What the collector has noticed about a host and its like; each list is empty where all is well. */
export interface Notice {
  /** Other hosts that registered one of its managers: each gets the uses of all, unless a job's containers tell. */
  readonly sharesManagerWith: readonly HostName[];
  /** Other hosts whose reaper works on the very same engine. */
  readonly sharesEngineWith: readonly HostName[];
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
  /** How far back the evidence reaches, and what watch sees meanwhile. */
  evidence: z.object({
    kind: z.enum(['fresh', 'stale', 'watch-only']),
    asOf: z.nullable(z.number()),
    isWatching: z.boolean(),
    /** Images of which watch and GitLab said different things, counted since the reaper's start. */
    disagreements: z.number(),
  }),
  /** What an operator should know of the host besides: a second reaper, a shared manager, an engine elsewhere. */
  warnings: z.array(z.string()),
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

  /** Jobs whose containers are on this host. The newest 5,000 are kept; one whose address is none is left out. */
  claimJobs(host: HostName, claims: readonly JobClaim[], at: Millis): Promise<void>;
  /** Those of the hosts that claimed the job. */
  claimants(claim: JobClaim, hosts: readonly HostName[]): Promise<readonly HostName[]>;

  /** Kept for a day. */
  notify(host: HostName, notice: Notice): Promise<void>;
  notice(host: HostName): Promise<Notice>;

  /** The host lives: what is kept of it (evidence and claims) does not expire yet. Its journal and queue do not depend on that. */
  keepAlive(host: HostName): Promise<void>;
}
