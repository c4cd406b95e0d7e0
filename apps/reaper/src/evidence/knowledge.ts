import type { Millis } from '@sideband/shared/clock';
import { instancesText, leaseScore, leaseText } from '@sideband/shared/evidence/entries';
import type { Identity, LastUse, Lease } from '@sideband/shared/evidence/model';
import type { EvidenceBounds, Fed } from '@sideband/shared/evidence/store';
import type { ProjectId, SystemId } from '@sideband/shared/names';
import type { EventPosition } from '../engine/port.ts';
import { type Entry, NOTHING, saysNothing } from './entry.ts';
import { isLater } from './is-later.ts';
import { addLast, createNewest, setLast } from './newest.ts';
import { createProjectImages, projectOf } from './project-images.ts';

/** What this host knows, in memory, within its bounds. */
export interface Knowledge {
  /**
   * Takes an entry over. Answers with what of it was news, undefined where nothing was: all news, learned again in its
   * order by a knowledge that knows less or the same, makes it the same as this one.
   */
  learn(entry: Entry): Entry | undefined;
  /** Holds the newest last uses to their bound exactly; `learn` lets them pass it by a twentieth. */
  trim(): void;
  /** All of it, and always the present state: to be copied by who keeps it. */
  readonly all: Entry;
}

export type KnowledgeBounds = Pick<EvidenceBounds, 'identities' | 'leases'>;

const PROJECTS = 1_000;
const MANAGERS = 64;
const INSTANCES = 16;
/** That a manager is still here is news no more often than this. */
const MANAGER_NEWS_MS = 3_600_000;

export function createKnowledge(bounds: KnowledgeBounds): Knowledge {
  const lastUses = createNewest<Identity, LastUse>(bounds.identities, (use) => use.at);
  const projectImages = createProjectImages();
  const repullable = new Set<Identity>();
  const builtHere = new Set<Identity>();
  const managers = new Map<SystemId, Millis>();
  const projects = new Map<string, ProjectId>();
  let leases: readonly Lease[] = [];
  let fed: Fed | undefined;
  let position: EventPosition | undefined;

  function learnLastUse([identity, use]: readonly [Identity, LastUse]): boolean {
    const known = lastUses.map.get(identity);
    const isNews = known === undefined ? lastUses.admits(use.at) : isLater(use, known);
    if (isNews) lastUses.set(identity, use);
    const project = projectOf(use);
    // What a project used counts also where another has used it since.
    const isNewsOfProject = project !== undefined && projectImages.used(project, identity, use.at);
    return isNews || isNewsOfProject;
  }

  function learnPulled(identity: Identity): boolean {
    builtHere.delete(identity);
    addLast(repullable, identity, bounds.identities);
    return true;
  }

  function learnBuilt(identity: Identity): boolean {
    if (repullable.has(identity) || builtHere.has(identity)) return false;
    addLast(builtHere, identity, bounds.identities);
    return true;
  }

  function learnManager([manager, seenAt]: readonly [SystemId, Millis]): boolean {
    const known = managers.get(manager);
    // Also back: a clock that was ahead must not keep a manager for ever.
    if (known !== undefined && Math.abs(seenAt - known) < MANAGER_NEWS_MS) return false;
    setLast(managers, manager, seenAt, MANAGERS);
    return true;
  }

  function learnProject([url, project]: readonly [string, ProjectId]): boolean {
    if (projects.get(url) === project) return false;
    setLast(projects, url, project, PROJECTS);
    return true;
  }

  function learnLeases(told: Entry['leases']): Entry['leases'] {
    if (told === undefined) return undefined;
    const kept = [...told].sort((a, b) => leaseScore(b) - leaseScore(a)).slice(0, bounds.leases);
    if (textOf(kept) === textOf(leases)) return undefined;
    leases = kept;
    return kept;
  }

  function learnFed(told: Fed | undefined): Fed | undefined {
    if (told === undefined) return undefined;
    const at = Math.max(told.at, fed?.at ?? told.at) as Millis;
    const next: Fed = { at, instances: new Map([...told.instances].slice(0, INSTANCES)) };
    if (fed?.at === at && instancesText(fed.instances) === instancesText(next.instances)) return undefined;
    fed = next;
    return fed;
  }

  function learnImagesOf(told: Entry['projectImages']): Entry['projectImages'] {
    const news = [...told].map(
      ([project, images]) =>
        [
          project,
          new Map([...images].filter(([identity, at]) => projectImages.used(project, identity, at))),
        ] as const,
    );
    return new Map(news.filter(([, images]) => images.size > 0));
  }

  function learnPosition(told: EventPosition | undefined): EventPosition | undefined {
    if (told === undefined || told === position) return undefined;
    position = told;
    return told;
  }

  return {
    learn: (entry) => {
      const news: Entry = {
        lastUses: new Map([...entry.lastUses].filter(learnLastUse)),
        deleted: new Set([...entry.deleted].filter((identity) => builtHere.delete(identity))),
        repullable: new Set([...entry.repullable].filter(learnPulled)),
        builtHere: new Set([...entry.builtHere].filter(learnBuilt)),
        leases: learnLeases(entry.leases),
        fed: learnFed(entry.fed),
        managers: new Map([...entry.managers].filter(learnManager)),
        projects: new Map([...entry.projects].filter(learnProject)),
        projectImages: learnImagesOf(entry.projectImages),
        position: learnPosition(entry.position),
      };
      return saysNothing(news) ? undefined : news;
    },
    trim: () => {
      lastUses.trim();
      projectImages.trim();
    },
    all: {
      ...NOTHING,
      lastUses: lastUses.map,
      repullable,
      builtHere,
      managers,
      projects,
      projectImages: projectImages.map,
      get leases() {
        return leases;
      },
      get fed() {
        return fed;
      },
      get position() {
        return position;
      },
    },
  };
}

function textOf(leases: readonly Lease[]): string {
  return leases.map((lease) => `${leaseScore(lease)} ${leaseText(lease)}`).join('\n');
}
