import type { Clock, Millis } from '@sideband/shared/clock';
import type { GroupId, ProjectId } from '@sideband/shared/names';
import type { JobRecord } from './records.ts';
import type { Access } from './roles.ts';

export interface GroupRecord {
  readonly id: GroupId;
  /** `group/subgroup`. */
  readonly path: string;
  readonly createdAt: Millis;
}

export interface ProjectRecord {
  readonly id: ProjectId;
  /** `group/name`. */
  path: string;
  readonly access: Access;
  readonly createdAt: Millis;
  /** By id, oldest first. */
  readonly jobs: JobRecord[];
}

export interface NewGroup {
  readonly id?: number;
  readonly path: string;
}

export interface NewProject {
  readonly id?: number;
  readonly path: string;
  /** `reporter` unless told. */
  readonly access?: Access;
}

/** The groups and projects there are. A project belongs to the groups its path begins with. Misuse throws. */
export class Namespaces {
  readonly projects = new Map<number, ProjectRecord>();
  readonly groups = new Map<number, GroupRecord>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  addGroup({ id, path }: NewGroup): GroupRecord {
    const newId = id ?? Math.max(0, ...this.groups.keys()) + 1;
    if (this.groups.has(newId)) throw new Error(`Group ${newId} exists already`);
    this.#expectFree(path);
    const group: GroupRecord = { id: newId as GroupId, path, createdAt: this.#clock.now() };
    this.groups.set(newId, group);
    return group;
  }

  addProject({ id, path, access = 'reporter' }: NewProject): ProjectRecord {
    const newId = id ?? Math.max(0, ...this.projects.keys()) + 1;
    if (this.projects.has(newId)) throw new Error(`Project ${newId} exists already`);
    this.#expectFree(path);
    const createdAt = this.#clock.now();
    const project: ProjectRecord = { id: newId as ProjectId, path, access, createdAt, jobs: [] };
    this.projects.set(newId, project);
    return project;
  }

  project(id: number): ProjectRecord {
    const project = this.projects.get(id);
    if (project === undefined) throw new Error(`There is no project ${id}`);
    return project;
  }

  group(id: number): GroupRecord {
    const group = this.groups.get(id);
    if (group === undefined) throw new Error(`There is no group ${id}`);
    return group;
  }

  /** Gives the project a new path; says which it had. */
  move(id: number, path: string): string {
    const project = this.project(id);
    this.#expectFree(path);
    const before = project.path;
    project.path = path;
    return before;
  }

  remove(id: number): ProjectRecord {
    const project = this.project(id);
    this.projects.delete(id);
    return project;
  }

  projectAt(path: string): ProjectRecord | undefined {
    return [...this.projects.values()].find((project) => project.path === path);
  }

  groupAt(path: string): GroupRecord | undefined {
    return [...this.groups.values()].find((group) => group.path === path);
  }

  /** The groups a project is in, at any depth. */
  groupsAbove(project: ProjectRecord): GroupRecord[] {
    return [...this.groups.values()].filter((group) => project.path.startsWith(`${group.path}/`));
  }

  #expectFree(path: string): void {
    if (this.projectAt(path) !== undefined || this.groupAt(path) !== undefined) {
      throw new Error(`${path} is taken`);
    }
  }
}
