import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoRunner } from './demo-runner.ts';
import type { Week } from './week/load-week.ts';
import { JOB_SECONDS } from './week/simulate.ts';

/**
 * The week at a steady pace: `pace` seconds of it pass in one. Jobs run beside each other, each for 900 s of
 * the week. Resolves when the last one has ended, or when the signal comes.
 */
export async function replayLive(
  week: Week,
  runner: DemoRunner,
  pace: number,
  onProgress: (atSeconds: number, event: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const begin = Date.now();
  const jobs = new Set<Promise<void>>();
  let failure: unknown;
  const runJob = async (image: number): Promise<void> => {
    const job = await runner.start(image);
    if (job === undefined) return;
    await sleep((JOB_SECONDS * 1_000) / pace, undefined, { signal }).catch(() => undefined);
    await runner.finish(job);
  };
  for (const [index, event] of week.events.entries()) {
    const waitMs = begin + (event.atSeconds * 1_000) / pace - Date.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || failure !== undefined) break;
    onProgress(event.atSeconds, index + 1);
    for (let started = 0; started < event.jobs; started += 1) {
      const job = runJob(event.image)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => jobs.delete(job));
      jobs.add(job);
    }
  }
  await Promise.all(jobs);
  if (failure !== undefined) throw failure;
}
