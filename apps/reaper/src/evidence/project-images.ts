import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse } from '@sideband/shared/evidence/model';
import type { ProjectId } from '@sideband/shared/names';
import { createNewest } from './newest.ts';

/** What the jobs of a project used here and when, newest first. */
export interface ProjectImages {
  readonly map: ReadonlyMap<ProjectId, ReadonlyMap<Identity, Millis>>;
  /** Says whether that was news. */
  used(project: ProjectId, identity: Identity, at: Millis): boolean;
  trim(): void;
}

const PROJECTS = 1_000;
/** Some five images under an id, a digest and a tag each. */
const IDENTITIES = 16;

export function createProjectImages(): ProjectImages {
  const projects = createNewest<ProjectId, ReadonlyMap<Identity, Millis>>(PROJECTS, newestOf);
  return {
    map: projects.map,
    used: (project, identity, at) => {
      const known = projects.map.get(project);
      if (known === undefined && !projects.admits(at)) return false;
      if (at <= (known?.get(identity) ?? Number.NEGATIVE_INFINITY)) return false;
      if (known?.size === IDENTITIES && at < Math.min(...known.values())) return false;
      const ranked = [...new Map(known).set(identity, at)].sort(
        ([a, x], [b, y]) => y - x || (a < b ? 1 : -1),
      );
      const next = new Map(ranked.slice(0, IDENTITIES));
      if (!next.has(identity)) return false;
      projects.set(project, next);
      return true;
    },
    trim: projects.trim,
  };
}

/** The project whose job used the image, and undefined where it was no job's. */
export function projectOf({ job, role }: LastUse): ProjectId | undefined {
  return role === 'container' || role === 'image' ? undefined : job?.project;
}

function newestOf(images: ReadonlyMap<Identity, Millis>): number {
  const [newest = Number.NEGATIVE_INFINITY] = images.values();
  return newest;
}
