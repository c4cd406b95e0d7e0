import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoJob, DemoRunner } from './demo-runner.ts';
import type { Pipeline } from './pipeline.ts';
import type { Week } from './week/load-week.ts';
import { JOB_SECONDS } from './week/simulate.ts';

interface DueJob {
  readonly job: DemoJob;
  readonly endsAtSeconds: number;
}

/**
 * The week as fast as it will go. A job has its container for 900 s of the week, so that an image is in use
 * for exactly as long as it is pinned in the simulator; after each event the hooks settle and the reaper checks.
 * `halfway` is called once, between two events.
 */
export async function replayOnce(
  week: Week,
  runner: DemoRunner,
  pipeline: Pipeline,
  halfway: () => Promise<void>,
  onProgress: (atSeconds: number, event: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let running: DueJob[] = [];
  const finish = async (due: readonly DueJob[]): Promise<void> => {
    let image: number | undefined;
    for (const { job } of due) {
      // GitLab tells times in milliseconds: uses of different images must not fall into the same one.
      if (image !== undefined && image !== job.image) await nextMillisecond();
      image = job.image;
      await runner.finish(job);
    }
    if (due.length > 0) await nextMillisecond();
  };
  for (const [index, event] of week.events.entries()) {
    signal.throwIfAborted();
    if (index === Math.floor(week.events.length / 2)) await halfway();
    const isDue = (one: DueJob): boolean => one.endsAtSeconds <= event.atSeconds;
    await finish(running.filter(isDue));
    running = running.filter((one) => !isDue(one));
    for (let started = 0; started < event.jobs; started += 1) {
      const job = await runner.start(event.image);
      if (job !== undefined) running.push({ job, endsAtSeconds: event.atSeconds + JOB_SECONDS });
    }
    await pipeline.settle();
    await pipeline.check();
    onProgress(event.atSeconds, index + 1);
  }
  await finish(running);
  await pipeline.settle();
}

/** A timer may come a fraction of a millisecond early, and the clock still show the one before. */
async function nextMillisecond(): Promise<void> {
  const began = Date.now();
  while (Date.now() <= began) await sleep(1);
}
