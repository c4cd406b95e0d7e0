import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse, Lease } from '@sideband/shared/evidence/model';
import type { JobId, ProjectId } from '@sideband/shared/names';
import type { DiskReading } from '../disk/port.ts';
import type { EngineContainer, EngineImage, ImageId } from '../engine/port.ts';
import type { EvictReason } from './reasons.ts';

/** What was known of the host at one moment. Plain data: the plan asks nobody. */
export interface Snapshot {
  readonly images: readonly EngineImage[];
  readonly containers: readonly EngineContainer[];
  readonly filesystems: readonly DiskReading[];
  readonly evidence: Evidence;
  /** Jobs that the runner says it is working on, where its list is open to us. */
  readonly runningJobs: readonly RunningJob[];
  /** When each image was first seen on this host; for those present at the very first look, their arrival. */
  readonly firstSeen: ReadonlyMap<ImageId, Millis>;
  /** Digests an image lost when its names were put back: it is still known under them. */
  readonly lostDigests: ReadonlyMap<ImageId, readonly Identity[]>;
  /** Images that could not be removed earlier in this cycle. */
  readonly blocked: ReadonlyMap<ImageId, 'in-use' | 'engine-refused'>;
  /** An operator wants room, at least down to the policy's `stop`, or this many free bytes if that is more. */
  readonly request: { readonly freeBytes: number | undefined } | undefined;
  /** What began the reap that is under way: it goes on to `stop`, also where an image of its plan could not go. */
  readonly begun: EvictReason | undefined;
}

/** One host's evidence: what GitLab told, and what watch saw here. */
export interface Evidence {
  readonly lastUses: ReadonlyMap<Identity, LastUse>;
  readonly leases: readonly Lease[];
  /** Seen being pulled, or a trace says so. Only ids and digests tell: a tag moves. */
  readonly repullable: ReadonlySet<Identity>;
  /** Built, loaded or imported here. */
  readonly builtHere: ReadonlySet<Identity>;
  /** What the jobs of a project used here before, newest first. */
  readonly projectImages: ReadonlyMap<ProjectId, readonly Identity[]>;
  readonly freshness: Freshness;
}

/** How far GitLab's side of the evidence reaches. */
export interface Freshness {
  /** `stale`: it ends longer ago than the limit. `watch-only`: there is none, only what watch saw here. */
  readonly kind: 'fresh' | 'stale' | 'watch-only';
  /** GitLab was asked for all that happened up to then. */
  readonly asOf: Millis | undefined;
}

/** A job in the runner's own list. */
export interface RunningJob {
  readonly job: JobId;
  /** Undefined where none of its project's containers was ever seen here. */
  readonly project: ProjectId | undefined;
}
