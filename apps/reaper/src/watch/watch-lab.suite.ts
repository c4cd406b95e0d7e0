import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import { createMemoryEngine, type MemoryEngine } from '../engine/memory-engine.ts';
import type { Engine, EventPosition, ImageId } from '../engine/port.ts';
import type { Sightings } from '../evidence/sightings.ts';
import type { JobContainer } from './agreement.ts';
import { createBatch } from './batch.ts';
import { createOwnTags } from './own-tags.ts';
import type { Watch } from './port.ts';
import type { Sleep } from './sleep.ts';
import { createWatch, type WatchParts } from './watch.ts';

export const NOW = 1_795_255_200_000 as Millis;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const MANAGER = 's_0123456789ab';

/** A clock that stands still, and sleepers that wake when it is moved past their time. */
export interface ManualTime {
  readonly clock: ManualClock;
  readonly sleep: Sleep;
  /** Moves from one sleeper's time to the next, and lets each do what it woke for. */
  pass(milliseconds: number): Promise<void>;
  /** How long those who sleep now were told to, in order. */
  sleeping(): readonly number[];
}

export function manualTime(): ManualTime {
  const clock = new ManualClock(NOW);
  const sleepers = new Set<{ readonly until: number; readonly ms: number; readonly wake: () => void }>();
  return {
    clock,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const sleeper = {
          ms,
          until: clock.now() + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal.addEventListener('abort', sleeper.wake, { once: true });
      }),
    pass: async (milliseconds) => {
      const end = clock.now() + milliseconds;
      for (;;) {
        await quiet();
        const [next] = [...sleepers].sort((a, b) => a.until - b.until);
        if (next === undefined || next.until > end) break;
        clock.advance(Math.max(0, next.until - clock.now()));
        next.wake();
      }
      clock.advance(end - clock.now());
      await quiet();
    },
    sleeping: () => [...sleepers].map(({ ms }) => ms),
  };
}

/** Until all that waits for nothing but other promises is done. */
async function quiet(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await turn();
}

export interface WatchLab {
  readonly engine: MemoryEngine;
  readonly time: ManualTime;
  readonly watch: Watch;
  readonly ownTags: ReturnType<typeof createOwnTags>;
  /** How often each of the engine's methods was called. */
  readonly calls: Record<'follow' | 'find' | 'containers' | 'images', number>;
  /** Where each following began. */
  readonly since: (EventPosition | undefined)[];
  readonly batches: Sightings[];
  readonly jobContainers: JobContainer[];
  /** Everything delivered so far, as one. */
  seen(): Sightings;
  /** What was delivered since the last time this was asked. */
  news(): Promise<Sightings>;
}

/** A watch on an engine in memory that is followed and listed already. */
export async function aWatch(
  more: Partial<WatchParts> & { readonly before?: (engine: MemoryEngine) => void } = {},
): Promise<WatchLab> {
  const time = manualTime();
  const engine = createMemoryEngine({ clock: time.clock });
  more.before?.(engine);
  const calls = { follow: 0, find: 0, containers: 0, images: 0 };
  const since: (EventPosition | undefined)[] = [];
  const batches: Sightings[] = [];
  const jobContainers: JobContainer[] = [];
  const ownTags = createOwnTags(time.clock);
  let position: EventPosition | undefined;
  let told = 0;
  const counted: Pick<Engine, 'follow' | 'find' | 'containers' | 'images'> = {
    follow: (stream) => {
      calls.follow += 1;
      since.push(stream.since);
      return engine.follow(stream);
    },
    find: (name) => {
      calls.find += 1;
      return engine.find(name);
    },
    containers: () => {
      calls.containers += 1;
      return engine.containers();
    },
    images: () => {
      calls.images += 1;
      return engine.images();
    },
  };
  const watch = createWatch({
    engine: counted,
    tellsOnlyGoodPulls: true,
    position: () => position,
    see: async (sightings) => {
      batches.push(sightings);
      position = sightings.position ?? position;
    },
    instanceAt: (gitlab) => (gitlab === 'gitlab.example.com' ? ('blue' as InstanceName) : undefined),
    clock: time.clock,
    correct: (at) => at,
    ownTags,
    agreement: { saw: (container) => void jobContainers.push(container), interrupted: () => undefined },
    sleep: time.sleep,
    random: () => 0,
    log: silentLog(),
    ...more,
  });
  watch.start();
  await time.pass(0);
  return {
    engine,
    time,
    watch,
    ownTags,
    calls,
    since,
    batches,
    jobContainers,
    seen: () => together(batches),
    news: async () => {
      await watch.settled();
      const fresh = batches.slice(told);
      told = batches.length;
      return together(fresh);
    },
  };
}

function together(batches: readonly Sightings[]): Sightings {
  const batch = createBatch();
  for (const sightings of batches) batch.add(sightings);
  return batch.take();
}

/** The labels that gitlab-runner puts on a container of a job, of which some may be others. */
export function runnerLabels(
  job: number,
  type: string,
  more: Record<string, string> = {},
): Record<string, string> {
  const labels = {
    'job.id': String(job),
    'job.url': `https://gitlab.example.com/group/app/-/jobs/${job}`,
    'project.id': '42',
    'pipeline.id': '7',
    'runner.system_id': MANAGER,
    managed: 'true',
    type,
    ...more,
  };
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [`com.gitlab.gitlab-runner.${name}`, value]),
  );
}

export function addImage(
  engine: MemoryEngine,
  name: string,
  by: 'pull' | 'load' | 'build' = 'load',
): ImageId {
  return engine.addImage({ tags: [name], layers: [{ chain: name, bytes: 100 }], arrivedAt: NOW, by });
}

/** An image's id, as an identity. */
export function idOf(image: ImageId): Identity {
  return image as string as Identity;
}
