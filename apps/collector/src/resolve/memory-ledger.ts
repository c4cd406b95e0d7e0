import type { Clock } from '@sideband/shared/clock';
import type { JobId } from '@sideband/shared/names';
import { projectKeys } from './keys.ts';
import type { JobLedger, LedgerBounds } from './ledger.ts';
import type { RememberedImages } from './remembered-images.ts';

/** The twin of the Redis ledger: the same answers, gone with its process. */
export function createMemoryLedger(clock: Clock, bounds: LedgerBounds): JobLedger {
  const ended = new Map<string, Map<JobId, number>>();
  const images = new Map<string, RememberedImages>();
  const settled = new Map<string, JobId>();

  return {
    async knownEnded(instance, project, jobs) {
      const known = ended.get(projectKeys(instance, project).ended);
      const oldest = clock.now() - bounds.lookBackMs;
      return new Set(jobs.filter((job) => (known?.get(job) ?? Number.NEGATIVE_INFINITY) >= oldest));
    },

    async markEnded({ instance, project, job }, createdAt) {
      const key = projectKeys(instance, project).ended;
      const jobs = new Map(ended.get(key)).set(job, createdAt);
      const newest = [...jobs].sort(([a, x], [b, y]) => y - x || compareText(b, a));
      ended.set(key, new Map(newest.slice(0, bounds.endedJobs)));
    },

    async imagesOf(instance, project, jobName) {
      const known = images.get(projectKeys(instance, project).images(jobName));
      return known !== undefined && known.at > clock.now() - bounds.imagesMs ? known.images : undefined;
    },

    async rememberImages({ instance, project, job }, jobName, used, at) {
      const key = projectKeys(instance, project).images(jobName);
      const known = images.get(key);
      if (known !== undefined && (known.at - at || known.job - job) >= 0) return;
      images.set(key, { at, job, images: used });
    },

    settledUpTo: async (instance, project) => settled.get(projectKeys(instance, project).settled),

    async settle(instance, project, upTo) {
      settled.set(projectKeys(instance, project).settled, upTo);
    },
  };
}

/** As Redis orders members of one score. */
function compareText(a: number, b: number): number {
  return String(a) < String(b) ? -1 : 1;
}
