import type { HostName, SystemId } from '../names.ts';

/**
 * Every key of a host or a manager, beside those that BullMQ makes under the prefixes of `queues/catalogue.ts`.
 * The braces put all keys of a host, and all keys of a manager, into one Redis Cluster slot; a reaper's Redis
 * user may touch those of its own host only. Bounds are those of `EvidenceBounds` where one is named.
 */
export interface HostKeys {
  /** Sorted set: identity → last use. Newest `identities`; idle TTL. */
  readonly last: string;
  /** Hash: identity → last use with its provenance. The same identities as `last`; idle TTL. */
  readonly provenance: string;
  /** Sorted set: recorded use → time. Newest `uses`; idle TTL. */
  readonly uses: string;
  /** Sorted set: identity → when its pull was last seen. Newest `identities`; idle TTL. */
  readonly repullable: string;
  /** Sorted set: job and identity → strength and expiry. `leases` at most; idle TTL. */
  readonly leases: string;
  /** Sorted set: ended job → when. Two days (`TOMBSTONE_MS`), newest `uses`; TTL of two days. */
  readonly ended: string;
  /** Sorted set of one: what the GitLabs are called → how far the collector has asked them. Idle TTL. */
  readonly fed: string;
  /** Sorted set: GitLab, project and job → when its containers were seen. Newest 5,000; idle TTL. */
  readonly claims: string;
  /** JSON text. TTL of a day. */
  readonly registration: string;
  /** JSON text. TTL of a day. */
  readonly report: string;
  /** Sorted set: journal entry → time. Newest 5,000; TTL of 90 days, but removed with a host that is gone for seven. */
  readonly journal: string;
  /** JSON text, by the collector. TTL of a day. */
  readonly notice: string;
  /** Whose reaper this is. TTL of 90 s (`NAME_LOCK_MS`). */
  readonly lock: string;
}

export interface ManagerKeys {
  /** Sorted set: parked use → time. Newest `parked`; idle TTL. */
  readonly parked: string;
}

/** `{sb:h:<host>}`: what all keys of a host begin with, BullMQ's included. */
export function hostTag(host: HostName): string {
  return `{sb:h:${host}}`;
}

export function hostKeys(host: HostName): HostKeys {
  const tag = hostTag(host);
  return {
    last: `${tag}:last`,
    provenance: `${tag}:provenance`,
    uses: `${tag}:uses`,
    repullable: `${tag}:repullable`,
    leases: `${tag}:leases`,
    ended: `${tag}:ended`,
    fed: `${tag}:fed`,
    claims: `${tag}:claims`,
    registration: `${tag}:registration`,
    report: `${tag}:report`,
    journal: `${tag}:journal`,
    notice: `${tag}:notice`,
    lock: `${tag}:lock`,
  };
}

export function managerKeys(manager: SystemId): ManagerKeys {
  return { parked: `{sb:m:${manager}}:parked` };
}

/** Matches the registration of every host, for SCAN. */
export const REGISTRATION_PATTERN = '{sb:h:*}:registration';

/** The host a registration's key belongs to, unparsed. */
export function hostOfRegistrationKey(key: string): string | undefined {
  return /^\{sb:h:([^}]*)\}:registration$/.exec(key)?.[1];
}
