import type { Clock } from '@sideband/shared/clock';
import type { JobId, SystemId } from '@sideband/shared/names';
import { projectKeys, runnerManagersKey } from './keys.ts';
import type { JobLedger, LedgerBounds } from './ledger.ts';
import { boundMemory, type JobMemory } from './remembered-job.ts';

/** The twin of the Redis ledger: the same answers, gone with its process. */
export function createMemoryLedger(clock: Clock, bounds: LedgerBounds): JobLedger {
  const ended = new Map<string, ReadonlyMap<JobId, number>>();
  const memories = new Map<string, JobMemory>();
  const runners = new Map<string, ReadonlyMap<SystemId, number>>();
  const isRecent = (at: number): boolean => at >= clock.now() - bounds.lookBackMs;

  return {
    async knownEnded(instance, project, jobs) {
      const known = ended.get(projectKeys(instance, project).ended);
      return new Set(jobs.filter((job) => isRecent(known?.get(job) ?? Number.NEGATIVE_INFINITY)));
    },

    async markEnded({ instance, project, job }, createdAt) {
      const key = projectKeys(instance, project).ended;
      ended.set(key, newest(new Map(ended.get(key)).set(job, createdAt), bounds.endedJobs));
    },

    async lastOf(instance, project, jobName) {
      const known = memories.get(projectKeys(instance, project).images(jobName));
      if (known === undefined || known.at <= clock.now() - bounds.imagesMs) return undefined;
      return { images: known.images, hosts: known.hosts };
    },

    async remember({ instance, project, job }, jobName, { images, hosts }, at) {
      const key = projectKeys(instance, project).images(jobName);
      const known = memories.get(key);
      if (known !== undefined && (known.at - at || known.job - job) >= 0) return;
      memories.set(key, boundMemory({ at, job, images, hosts }));
    },

    async managersOf(instance, runner) {
      const known = runners.get(runnerManagersKey(instance, runner)) ?? new Map<SystemId, number>();
      return [...known].filter(([, at]) => isRecent(at)).map(([manager]) => manager);
    },

    async noteManagers(instance, runner, managers, at) {
      const key = runnerManagersKey(instance, runner);
      const known = new Map(runners.get(key));
      for (const manager of managers) known.set(manager, Math.max(at, known.get(manager) ?? at));
      runners.set(key, newest(known, bounds.managers));
    },

    async forgetProject(instance, project) {
      ended.delete(projectKeys(instance, project).ended);
    },
  };
}

/** Newest first, in the order in which Redis has members of one score. */
function newest<K extends string | number>(scores: ReadonlyMap<K, number>, count: number): Map<K, number> {
  const sorted = [...scores].sort(([a, x], [b, y]) => y - x || (String(a) < String(b) ? 1 : -1));
  return new Map(sorted.slice(0, count));
}
