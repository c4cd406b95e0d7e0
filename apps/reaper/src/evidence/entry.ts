import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse, Lease } from '@sideband/shared/evidence/model';
import type { Fed } from '@sideband/shared/evidence/store';
import type { ProjectId, SystemId } from '@sideband/shared/names';
import type { EventPosition } from '../engine/port.ts';

/** Something that was learned, or all that is known: a line of the log and the snapshot are both one. */
export interface Entry {
  readonly lastUses: ReadonlyMap<Identity, LastUse>;
  /** Ids that the engine deleted. Comes before what follows: an image may have been deleted and loaded again. */
  readonly deleted: ReadonlySet<Identity>;
  readonly repullable: ReadonlySet<Identity>;
  readonly builtHere: ReadonlySet<Identity>;
  /** All there are; undefined where nothing was said of them. */
  readonly leases: readonly Lease[] | undefined;
  readonly fed: Fed | undefined;
  /** When each was last seen. */
  readonly managers: ReadonlyMap<SystemId, Millis>;
  /** By address. */
  readonly projects: ReadonlyMap<string, ProjectId>;
  /** What jobs of a project used and when, newest first. */
  readonly projectImages: ReadonlyMap<ProjectId, ReadonlyMap<Identity, Millis>>;
  /** Everything up to here is in this entry and those before it. */
  readonly position: EventPosition | undefined;
}

export const NOTHING: Entry = {
  lastUses: new Map(),
  deleted: new Set(),
  repullable: new Set(),
  builtHere: new Set(),
  leases: undefined,
  fed: undefined,
  managers: new Map(),
  projects: new Map(),
  projectImages: new Map(),
  position: undefined,
};

export function saysNothing(entry: Entry): boolean {
  const { leases, fed, position, ...collections } = entry;
  if (leases !== undefined || fed !== undefined || position !== undefined) return false;
  return Object.values(collections).every(({ size }) => size === 0);
}
