import type { Millis } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';
import { isFilled } from './fill-project.ts';
import type { BackFill, PollMemory } from './poll-memory.ts';

/** How far the past of one GitLab has been read. */
export interface BackFillProgress {
  readonly instance: InstanceName;
  readonly projects: { readonly done: number; readonly total: number };
  /** Ended jobs found that were not known. */
  readonly found: number;
  /** In every project each job created since then has been read. Undefined: there is nothing to read. */
  readonly reachedAt: Millis | undefined;
}

export function measureBackFills(instance: InstanceName, fills: readonly BackFill[]): BackFillProgress {
  const newestReached = fills.reduce((newest, { reachedAt }) => Math.max(newest, reachedAt), 0);
  return {
    instance,
    projects: { done: fills.filter(isFilled).length, total: fills.length },
    found: fills.reduce((sum, { found }) => sum + found, 0),
    reachedAt: fills.length === 0 ? undefined : (newestReached as Millis),
  };
}

/** For the page. Throws `REDIS_UNAVAILABLE`. */
export async function backFillProgress(
  memory: Pick<PollMemory, 'backFills'>,
  instances: readonly InstanceName[],
): Promise<readonly BackFillProgress[]> {
  return await Promise.all(
    instances.map(async (instance) => {
      const fills = await memory.backFills(instance);
      return measureBackFills(instance, [...fills.values()]);
    }),
  );
}
