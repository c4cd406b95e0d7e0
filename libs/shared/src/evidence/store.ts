import type { Millis } from '../clock.ts';
import type { HostName, InstanceName, JobKey, SystemId } from '../names.ts';
import type { Identity, LastUse, Lease, RecordedUse, Use } from './model.ts';

/** What `recordUses` did. Both counts are zero when everything was known already. */
export interface RecordOutcome {
  /** Identities whose last use moved forward. */
  readonly moved: number;
  /** Uses by jobs whose time lay more than five minutes after their receipt: some clock is wrong. */
  readonly clockAhead: number;
}

/** How far the collector's knowledge of GitLab reaches. */
export interface Fed {
  /** The collector has asked GitLab for all that happened up to then, and looked it up. */
  readonly at: Millis;
  /** What each GitLab is called in the evidence, by the host (and port) of its address: `gitlab.example.com` → `gitlab`. */
  readonly instances: ReadonlyMap<string, InstanceName>;
}

/**
 * What is known of the use of images, host by host. Every write is atomic and idempotent, and the order of
 * writes does not matter: any order and any repetition of the same events leaves the same evidence.
 * Throws `REDIS_UNAVAILABLE` only.
 */
export interface EvidenceStore {
  recordUses(host: HostName, uses: readonly Use[]): Promise<RecordOutcome>;
  lastUses(host: HostName): Promise<ReadonlyMap<Identity, LastUse>>;
  /** The newest recorded uses, newest first. At most `limit`. */
  recordedUses(host: HostName, limit: number): Promise<readonly RecordedUse[]>;

  /** These identities were seen being pulled, so they can be pulled again. */
  noteRepullable(host: HostName, identities: readonly Identity[], at: Millis): Promise<void>;
  repullable(host: HostName): Promise<ReadonlySet<Identity>>;

  /** Refused without a word when the job has ended: a late "running" revives nothing. A lease never becomes weaker. */
  lease(host: HostName, leases: readonly Lease[]): Promise<void>;
  /** Those that have not expired at `now`. */
  leases(host: HostName, now: Millis): Promise<readonly Lease[]>;
  /** Ends the job's leases on this host and leaves a tombstone for `TOMBSTONE_MS`. */
  endJob(host: HostName, job: JobKey, at: Millis): Promise<void>;

  /** Says to a host how far what is recorded of it reaches. A time that is earlier than the one there changes nothing. */
  markFed(host: HostName, fed: Fed): Promise<void>;
  fed(host: HostName): Promise<Fed | undefined>;

  /** Keeps uses whose host is not known yet, under the manager that ran the job. */
  park(manager: SystemId, uses: readonly Use[]): Promise<void>;
  /** Records what was parked on each of the hosts, then forgets it. Returns how many uses were placed. */
  unpark(manager: SystemId, hosts: readonly HostName[]): Promise<number>;
}

/** Bounds of what is kept for one host. Each kind of key has an age or a length. */
export interface EvidenceBounds {
  /** Identities with a last use, newest kept. An identity takes 385 bytes in Redis (measured on 7.0). */
  readonly identities: number;
  /** Recorded uses, newest kept. One takes 225 bytes in Redis (7.0). */
  readonly uses: number;
  /** Leases at a time: the stronger are kept first, then those with the latest expiry. */
  readonly leases: number;
  /** Uses parked under one manager, newest kept. */
  readonly parked: number;
  /** The keys of a manager, and of a host whose reaper is gone, go away after this; a reaper that lives keeps its own alive. */
  readonly idleMs: number;
}

export const DEFAULT_BOUNDS: EvidenceBounds = {
  identities: 20_000,
  uses: 10_000,
  leases: 5_000,
  parked: 5_000,
  idleMs: 7 * 86_400_000,
};

/** A job that ended this long ago is not heard of any more: GitLab's longest job time-out is a month, a hook's delay hours. */
export const TOMBSTONE_MS = 2 * 86_400_000;
