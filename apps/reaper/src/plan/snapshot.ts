import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse, Lease } from '@sideband/shared/evidence/model';
import type { DiskReading } from '../disk/port.ts';
import type { EngineContainer, EngineImage, ImageId } from '../engine/port.ts';
import type { EvictReason } from './reasons.ts';

/** What was known of the host at one moment. Plain data: the plan asks nobody. */
export interface Snapshot {
  readonly images: readonly EngineImage[];
  readonly containers: readonly EngineContainer[];
  readonly filesystems: readonly DiskReading[];
  readonly evidence: Evidence;
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

/** One host's evidence, as read from the store. */
export interface Evidence {
  readonly lastUses: ReadonlyMap<Identity, LastUse>;
  readonly leases: readonly Lease[];
  readonly repullable: ReadonlySet<Identity>;
}
