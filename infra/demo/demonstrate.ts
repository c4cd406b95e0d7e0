import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import { createDemoRunner, type DemoRunner } from './demo-runner.ts';
import type { Narrator } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { replayLive } from './replay-live.ts';
import { replayOnce } from './replay-once.ts';
import { renderStatus } from './screen.ts';
import { judge, type Verdict } from './verdict.ts';
import { loadWeek, type Week } from './week/load-week.ts';
import { startWorld, type World } from './world.ts';

const DAY_SECONDS = 86_400;
const WEEK_SECONDS = 7 * DAY_SECONDS;
/** A week with a check after each event takes about this long: only the grace times go by it. */
const ONCE_SECONDS = 120;
/** A runner fetches sources for some seconds; at the pace of `--once` no time at all. */
const GAP_SECONDS = 30;
/** What a pull needs beside twice the image. */
const PULL_MARGIN_BYTES = 16_000_000;

/** Runs the demonstration to the week's end, and while it is watched on to Ctrl-C. */
export async function demonstrate(
  options: DemoOptions,
  root: string,
  narrator: Narrator,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const week = firstDays(await loadWeek(), options.days);
  const seconds = options.once ? ONCE_SECONDS : options.minutes * 60;
  const pace = WEEK_SECONDS / seconds;
  const directory = resolve(options.directory ?? join(root, '.sideband', 'demo'));
  const world = await startWorld(week, { root, directory, options, pace }, narrator);
  try {
    return await replay(week, world, options, pace, narrator, signal);
  } finally {
    narrator.step('Stopping', 'children, loop disk, everything that was started');
    await world.stop();
  }
}

function firstDays(week: Week, days: number): Week {
  return { ...week, events: week.events.filter(({ atSeconds }) => atSeconds < days * DAY_SECONDS) };
}

async function replay(
  week: Week,
  world: World,
  options: DemoOptions,
  pace: number,
  narrator: Narrator,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const begin = Date.now();
  const runner: DemoRunner = createDemoRunner({
    gitlab: world.gitlab,
    engine: world.side.runner,
    week,
    systemId: world.systemId,
    gapMs: options.once ? 0 : (GAP_SECONDS * 1_000) / pace,
    makeRoom: (image) => makeRoom(week, world, pipeline, image),
  });
  const pipeline = createPipeline(world, week, () => runner);
  const show = createShow(week, world, runner, pipeline, options, narrator);
  if (options.once) {
    let usesBefore = 0;
    const halfway = async (): Promise<void> => {
      if (!options.emptyRedis) return;
      usesBefore = runner.uses.length;
      await world.emptyRedis();
      // A minute of the real world: the reaper's next check tells Redis who it is and what it knows.
      await pipeline.check();
    };
    await replayOnce(week, runner, pipeline, halfway, show.at, signal);
    const tally = await audit(world, runner, pipeline, usesBefore);
    return judge(week, options, tally, { engine: world.side.name, seconds: elapsed(begin) });
  }
  narrator.line('');
  narrator.line(`  Page      ${world.url}   password ${world.password}`);
  narrator.line('  Ctrl-C ends it: nothing stays running or mounted.');
  narrator.line('');
  const showing = show.live(signal);
  await replayLive(week, runner, pace, show.at, signal);
  if (!signal.aborted) {
    narrator.line('The week is over; the page stays up until Ctrl-C.');
  }
  await showing;
  return undefined;
}

async function makeRoom(week: Week, world: World, pipeline: Pipeline, image: number): Promise<void> {
  const layers = week.images.get(image)?.layers ?? [];
  const bytes = layers.reduce((sum, layer) => sum + (week.layerBytes.get(layer) ?? 0), 0);
  const [disk] = await world.side.disk.read();
  const free = disk?.freeBytes ?? 0;
  // A pull needs twice its size at its peak (measured). Where that much seemed free already, ask for more.
  await pipeline.makeRoom(Math.max(2 * bytes + PULL_MARGIN_BYTES, free + bytes));
}

interface Show {
  readonly at: (atSeconds: number, event: number) => void;
  live(signal: AbortSignal): Promise<void>;
}

function createShow(
  week: Week,
  world: World,
  runner: DemoRunner,
  pipeline: Pipeline,
  options: DemoOptions,
  narrator: Narrator,
): Show {
  const everyMs = narrator.isLive ? 500 : 10_000;
  let now = { atSeconds: 0, event: 0 };
  let drawnAt = 0;
  const status = async (): Promise<readonly string[]> => {
    const [disk] = await world.side.disk.read();
    const report = await world.records.report(world.host);
    const { jobs, running, repulls } = runner.tally();
    return renderStatus({
      engine: world.side.name,
      ...now,
      events: week.events.length,
      freeBytes: disk?.freeBytes ?? 0,
      totalBytes: disk?.totalBytes ?? 1,
      images: report?.images.length ?? 0,
      imageBytes: report?.imageBytes ?? 0,
      budgetBytes: options.limit === 'budget' ? options.budgetBytes : null,
      jobs,
      running,
      pulls: runner.sequence.filter(([step]) => step === 'pull').length,
      repulls,
      ...world.side.tally(),
      evictions: pipeline.evictions(),
      last: pipeline.last(),
    });
  };
  return {
    at: (atSeconds, event) => {
      now = { atSeconds, event };
      if (!options.once || Date.now() - drawnAt < everyMs) return;
      drawnAt = Date.now();
      status().then(narrator.draw, () => undefined);
    },
    live: async (signal) => {
      while (!signal.aborted) {
        await pipeline.follow();
        narrator.draw(await status());
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function elapsed(begin: number): number {
  return Math.round((Date.now() - begin) / 100) / 10;
}
