import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse, Lease, RecordedUse, Use } from '@sideband/shared/evidence/model';
import type { Fed } from '@sideband/shared/evidence/store';
import type { InstanceName, ProjectId, SystemId } from '@sideband/shared/names';
import type { EventPosition } from '../engine/port.ts';
import type { Evidence } from '../plan/snapshot.ts';
import type { Sightings } from './sightings.ts';

/** What Redis has of this host. */
export interface RemoteEvidence {
  readonly lastUses: ReadonlyMap<Identity, LastUse>;
  readonly leases: readonly Lease[];
  readonly repullable: ReadonlySet<Identity>;
  readonly fed: Fed | undefined;
}

/** What this host knows and Redis does not: seen while Redis was away, or lost with it. */
export interface Lacking {
  readonly uses: readonly Use[];
  readonly repullable: readonly Identity[];
}

/**
 * All that is known of the use of this host's images, in the state directory: alone it is the evidence, beside Redis
 * its snapshot. What is noted counts at once; on disk it survives a kill at any instruction, and on a full disk it
 * stays in memory until there is room. No method throws.
 */
export interface LocalEvidence {
  note(sightings: Sightings): Promise<void>;
  /** Takes over what Redis has (leases as they are there, everything else only forward), and says what Redis lacks. */
  absorb(remote: RemoteEvidence): Promise<Lacking>;
  /** The leases alone, as they are in Redis now. */
  absorbLeases(leases: readonly Lease[]): Promise<void>;
  read(now: Millis): Evidence;
  /** Up to where the engine's events have been noted. */
  position(): EventPosition | undefined;
  /** Runner managers whose containers were seen here within the last 30 days. */
  managers(now: Millis): readonly SystemId[];
  /** What a GitLab is called in the evidence, by the host (and port) of its address. */
  instanceAt(gitlab: string): InstanceName | undefined;
  /** By its address, `https://gitlab.example.com/group/project`. */
  projectAt(url: string): ProjectId | undefined;
  /** Writes what is not on disk yet. */
  close(): Promise<void>;
}

/** The evidence a cycle works from. No method throws: where Redis is away, it is what this host knows. */
export interface HostEvidence {
  /** Everything, for a plan. Brings to Redis what it lacks. */
  all(): Promise<Evidence>;
  /** The leases alone: they change while a plan is carried out, and are read again before each deletion. */
  leases(): Promise<readonly Lease[]>;
  /** What watch saw: noted here at once, and brought to Redis as soon as it can be. */
  see(sightings: Sightings): Promise<void>;
  /** The newest that is recorded of this host's uses, for comparing; empty where Redis is away. */
  recorded(): Promise<readonly RecordedUse[]>;
}
