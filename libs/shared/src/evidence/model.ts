import type { Brand } from '../brand.ts';
import type { Millis } from '../clock.ts';
import type { JobKey } from '../names.ts';

/**
 * One of the names under which an image is known: its id `sha256:…`, a digest reference
 * `docker.io/library/ruby@sha256:…`, a canonical reference `docker.io/library/ruby:3.3`.
 * At most 512 characters, none of them a control character or a space.
 */
export type Identity = Brand<string, 'Identity'>;

/** Where knowledge of a use comes from, weakest first: at equal times the stronger source wins. */
export const SOURCES = ['arrival', 'configuration', 'trace', 'watch'] as const;
export type Source = (typeof SOURCES)[number];

/**
 * What an image was used as. The last two are of no job: `container`, a container that somebody made, and `image`,
 * an act on the image itself (it was pulled, tagged, loaded or imported).
 */
export const ROLES = ['build', 'service', 'helper', 'container', 'image'] as const;
export type Role = (typeof ROLES)[number];

/** One image being used, mostly by a job. Its identities are all that were known of the image at that moment. */
export interface Use {
  /** Undefined: outside GitLab. */
  readonly job: JobKey | undefined;
  /** Empty where it is not known. */
  readonly jobName: string;
  readonly role: Role;
  readonly identities: readonly Identity[];
  /** The job's `finished_at`, or its `started_at` while it runs. */
  readonly at: Millis;
  /** When we heard of it: a use is never later than this, whatever GitLab's clock says. */
  readonly receivedAt: Millis;
  readonly source: Source;
  /** The image was pulled for it, so it can be pulled again. Kept while the use is parked. */
  readonly pulled?: boolean;
}

/** What is known of an identity's last use on a host. */
export interface LastUse {
  readonly at: Millis;
  readonly source: Source;
  readonly role: Role;
  /** Undefined: outside GitLab. */
  readonly job: JobKey | undefined;
  /** Empty where it is not known. */
  readonly jobName: string;
}

/** One line of the audit: this job used this image on this host. */
export interface RecordedUse {
  readonly job: JobKey;
  readonly role: Role;
  /** The first of the use's identities: the image's id where it was known. */
  readonly identity: Identity;
  readonly source: Source;
  readonly at: Millis;
}

/**
 * Weakest first. `expected`: a job that is created or pending will probably need the image; that puts it behind the
 * others in the order, and holds nothing. `predicted`: a job has started whose like used it last time; yields in an
 * emergency. `confirmed`: the job's own trace says so; holds always.
 */
export const LEASE_STRENGTHS = ['expected', 'predicted', 'confirmed'] as const;
export type LeaseStrength = (typeof LEASE_STRENGTHS)[number];

/** A promise that a job in its preparation gap, or one that is about to start, needs an image. */
export interface Lease {
  readonly job: JobKey;
  readonly identity: Identity;
  readonly strength: LeaseStrength;
  readonly expiresAt: Millis;
}

/** GitLab's clock and ours may differ this much before the difference is reported. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** A use as it is stored: cut at the moment it was received. */
export function cutAtReceipt(use: Use): { readonly at: Millis; readonly aheadMs: number } {
  const aheadMs = Math.max(0, use.at - use.receivedAt);
  return { at: Math.min(use.at, use.receivedAt) as Millis, aheadMs };
}
