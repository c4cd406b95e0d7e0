import { cpuSeconds } from './cpu-time.ts';
import { openStage } from './stage.ts';
import { startContainers } from './start-containers.ts';
import { WATCHERS } from './watchers.ts';

interface WatchCost {
  readonly name: string;
  readonly meaning: string;
  /** For all the container starts together. */
  readonly watcherCpuSeconds: number;
  readonly engineCpuSeconds: number;
  readonly wallSeconds: number;
}

export interface WatchCosts {
  readonly images: number;
  readonly containers: number;
  readonly costs: readonly WatchCost[];
}

/** What it costs to watch an engine with this many images while this many containers come and go, a watcher at a time. */
export async function measureWatch(options: {
  readonly images: number;
  readonly containers: number;
}): Promise<WatchCosts> {
  const stage = await openStage(options.images);
  try {
    const costs: WatchCost[] = [];
    for (const { name, meaning, start } of WATCHERS) {
      const watcher = await start(stage);
      const engineBefore = await cpuSeconds(stage.enginePids);
      const begunAt = performance.now();
      try {
        await startContainers(stage, options.containers);
      } catch (error) {
        await watcher.stop();
        throw error;
      }
      const wallSeconds = (performance.now() - begunAt) / 1_000;
      const watcherCpuSeconds = await watcher.stop();
      const engineCpuSeconds = (await cpuSeconds(stage.enginePids)) - engineBefore;
      costs.push({ name, meaning, watcherCpuSeconds, engineCpuSeconds, wallSeconds });
    }
    return { ...options, costs };
  } finally {
    await stage.stop();
  }
}
