import type { Clock, Millis } from '@sideband/shared/clock';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { pollKeys } from './poll-keys.ts';
import {
  type BackFill,
  type PollMemory,
  type PollMemoryBounds,
  type ProjectMemory,
  pollMemoryMs,
  type ReadUpTo,
} from './poll-memory.ts';

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

/** The twin of the memory in Redis: the same answers, gone with its process. */
export function createMemoryPollMemory(clock: Clock, bounds: PollMemoryBounds): PollMemory {
  const projects = new Map<string, Kept<ProjectMemory>>();
  const runners = new Map<string, Kept<ReadUpTo>>();
  const seen = new Map<InstanceName, ReadonlyMap<ProjectId, number>>();
  const fills = new Map<InstanceName, Kept<ReadonlyMap<ProjectId, BackFill>>>();

  const keep = <T>(value: T): Kept<T> => ({ value, until: clock.now() + pollMemoryMs(bounds) });
  const kept = <T>(entry: Kept<T> | undefined): T | undefined =>
    entry !== undefined && entry.until > clock.now() ? entry.value : undefined;
  const fillsOf = (instance: InstanceName): ReadonlyMap<ProjectId, BackFill> =>
    kept(fills.get(instance)) ?? new Map();

  let begun: Kept<Millis> | undefined;

  return {
    async since() {
      begun = keep(kept(begun) ?? clock.now());
      return begun.value;
    },

    project: async (instance, project) => kept(projects.get(pollKeys(instance).project(project))),
    keepProject: async (instance, project, memory) =>
      void projects.set(pollKeys(instance).project(project), keep(memory)),

    runner: async (instance, runner) => kept(runners.get(pollKeys(instance).runner(runner))),
    keepRunner: async (instance, runner, memory) =>
      void runners.set(pollKeys(instance).runner(runner), keep(memory)),

    async seenProjects(instance) {
      const oldest = clock.now() - bounds.lookBackMs;
      const recent = [...(seen.get(instance) ?? [])].filter(([, at]) => at >= oldest);
      return recent.map(([project]) => project).sort((a, b) => a - b);
    },

    async noteProjects(instance, found, at) {
      const all = new Map(seen.get(instance));
      for (const project of found) all.set(project, Math.max(at, all.get(project) ?? at));
      const newest = [...all].sort(([a, x], [b, y]) => y - x || (String(a) < String(b) ? 1 : -1));
      seen.set(instance, new Map(newest.slice(0, bounds.projects)));
    },

    backFill: async (instance, project) => fillsOf(instance).get(project),
    backFills: async (instance) => fillsOf(instance),

    async keepBackFill(instance, project, backFill) {
      fills.set(instance, keep(new Map(fillsOf(instance)).set(project, backFill)));
    },

    async forgetBackFills(instance, forgotten) {
      const gone = new Set(forgotten);
      const left = [...fillsOf(instance)].filter(([project]) => !gone.has(project));
      fills.set(instance, keep(new Map(left)));
    },
  };
}
