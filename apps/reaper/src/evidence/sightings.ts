import type { Identity, Use } from '@sideband/shared/evidence/model';
import type { JobClaim } from '@sideband/shared/hosts/records';
import type { ProjectId, SystemId } from '@sideband/shared/names';
import type { EventPosition, ImageId } from '../engine/port.ts';

/** What watch made of some of the engine's events, or of a list of its containers. */
export interface Sightings {
  /** Newest last. */
  readonly uses: readonly Use[];
  /** Ids and digests that were seen being pulled. */
  readonly pulled: readonly Identity[];
  /** Ids that were built, loaded or imported here. */
  readonly builtHere: readonly Identity[];
  /** Images that the engine deleted, whoever asked for it. */
  readonly deleted: readonly ImageId[];
  readonly claims: readonly JobClaim[];
  /** Runner managers whose containers are here. */
  readonly managers: readonly SystemId[];
  /** Which project has which address: `https://gitlab.example.com/group/project`. */
  readonly projects: readonly { readonly url: string; readonly project: ProjectId }[];
  /** Everything up to here is in these sightings and those before; undefined where they are of a list. */
  readonly position: EventPosition | undefined;
}

export const NOTHING_SEEN: Sightings = {
  uses: [],
  pulled: [],
  builtHere: [],
  deleted: [],
  claims: [],
  managers: [],
  projects: [],
  position: undefined,
};
