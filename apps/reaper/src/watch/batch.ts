import type { Use } from '@sideband/shared/evidence/model';
import type { JobClaim } from '@sideband/shared/hosts/records';
import { formatJobKey } from '@sideband/shared/names';
import { NOTHING_SEEN, type Sightings } from '../evidence/sightings.ts';

/** Sightings that are delivered together, each thing said once. */
export interface Batch {
  readonly isEmpty: boolean;
  readonly size: number;
  /** An image that one of them says was deleted comes or came by the other: together their order would be lost. */
  clashes(sightings: Sightings): boolean;
  add(sightings: Sightings): void;
  /** All of them, uses newest last. The batch is empty then. */
  take(): Sightings;
}

export function createBatch(): Batch {
  let count = 0;
  let position = NOTHING_SEEN.position;
  const uses = new Map<string, Use>();
  const claims = new Map<string, JobClaim>();
  const projects = new Map<string, Sightings['projects'][number]>();
  const pulled = new Set<Sightings['pulled'][number]>();
  const builtHere = new Set<Sightings['builtHere'][number]>();
  const deleted = new Set<Sightings['deleted'][number]>();
  const managers = new Set<Sightings['managers'][number]>();

  function addUse(use: Use): void {
    const job = use.job === undefined ? '' : formatJobKey(use.job);
    const key = JSON.stringify([use.role, job, use.pulled ?? false, use.identities]);
    const known = uses.get(key);
    if (known === undefined || known.at <= use.at) uses.set(key, use);
  }

  return {
    get isEmpty() {
      return count === 0;
    },
    get size() {
      return uses.size;
    },
    clashes: (sightings) => {
      const coming = [...sightings.pulled, ...sightings.builtHere] as readonly string[];
      const going = sightings.deleted as readonly string[];
      return (
        coming.some((id) => (deleted as ReadonlySet<string>).has(id)) ||
        going.some((id) => [pulled, builtHere].some((come) => (come as ReadonlySet<string>).has(id)))
      );
    },
    add: (sightings) => {
      count += 1;
      position = sightings.position ?? position;
      for (const use of sightings.uses) addUse(use);
      for (const each of sightings.pulled) pulled.add(each);
      for (const each of sightings.builtHere) builtHere.add(each);
      for (const each of sightings.deleted) deleted.add(each);
      for (const each of sightings.managers) managers.add(each);
      for (const each of sightings.claims)
        claims.set(JSON.stringify([each.gitlab, each.project, each.job]), each);
      for (const each of sightings.projects) projects.set(JSON.stringify([each.url, each.project]), each);
    },
    take: () => {
      const taken: Sightings = {
        uses: [...uses.values()].sort((a, b) => a.at - b.at),
        pulled: [...pulled],
        builtHere: [...builtHere],
        deleted: [...deleted],
        claims: [...claims.values()],
        managers: [...managers],
        projects: [...projects.values()],
        position,
      };
      for (const each of [uses, claims, projects, pulled, builtHere, deleted, managers]) each.clear();
      position = undefined;
      count = 0;
      return taken;
    },
  };
}
