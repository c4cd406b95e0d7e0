import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Millis } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import type { Engine, EngineEvent, EventPosition } from '../engine/port.ts';
import type { Sightings } from '../evidence/sightings.ts';
import type { Agreement } from './agreement.ts';
import { withoutLabels } from './event-queue.ts';
import { createFollower } from './follow-engine.ts';
import { createImageNames } from './image-names.ts';
import { createInventory } from './inventory.ts';
import { createKnownImages } from './known-images.ts';
import { createLookUp } from './look-up.ts';
import type { OwnTags } from './own-tags.ts';
import type { Watch } from './port.ts';
import { createPump } from './pump.ts';
import type { Sleep } from './sleep.ts';

export interface WatchParts {
  readonly engine: Pick<Engine, 'follow' | 'find' | 'containers' | 'images'>;
  /** Podman tells of a pull also when it failed (measured on 4.3.1): then only a pull with which the image came proves that it can be pulled. */
  readonly tellsOnlyGoodPulls: boolean;
  /** Up to where the events are noted; undefined: they are followed from now on. */
  readonly position: () => EventPosition | undefined;
  /** Notes what was seen; it must not throw. */
  readonly see: (sightings: Sightings) => Promise<void>;
  /** What a GitLab is called in the evidence, by host (and port) of its address. */
  readonly instanceAt: (gitlab: string) => InstanceName | undefined;
  /** This host's clock, and what it shows → the fleet's. */
  readonly clock: Clock;
  readonly correct: (at: Millis) => Millis;
  readonly ownTags: OwnTags;
  readonly agreement: Pick<Agreement, 'saw' | 'interrupted'>;
  readonly sleep: Sleep;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Each event may cost a question, and an engine on a full disk may take seconds for each: room must not wait for all of them. */
const SETTLED_WITHIN_MS = 10_000;

/**
 * Follows the engine's events and makes sightings of them. An idle hour costs the open stream and six lists of containers.
 *
 * `settled` knows of what has arrived here. After the inventory's `refresh` it lists the containers first, so that the
 * engine has told by then what happened before: of 200 containers just made on 20.10 all were known then, and 70
 * without. Podman tells up to 250 ms late, which nothing here can know.
 */
export function createWatch(parts: WatchParts): Watch {
  const { engine, clock, log } = parts;
  const known = createKnownImages();
  const inventory = createInventory({
    ...parts,
    onImages: (images) =>
      known.list(
        images.map(({ id }) => id),
        clock.now(),
      ),
  });
  const names = createImageNames({ find: (name) => engine.find(name), listed: inventory.listed, clock, log });
  const pump = createPump({ ...parts, lookUp: createLookUp({ ...parts, names, known }) });
  let listing: Promise<unknown> = Promise.resolve();
  let running: Promise<void> | undefined;
  let stopping = new AbortController();

  function list(signal: AbortSignal): Promise<void> {
    const listed = readList(signal);
    listing = listed.catch(() => undefined);
    return listed;
  }

  async function readList(signal: AbortSignal): Promise<void> {
    const containers = await inventory.relist();
    if (!signal.aborted) pump.push({ kind: 'list', containers });
  }

  function onEvent(event: EngineEvent): boolean {
    inventory.happened(event);
    return pump.push(event.kind === 'container' ? withoutLabels(event) : event);
  }

  async function settle(): Promise<void> {
    await listing;
    if (follower.status().isWatching) await inventory.containers().catch(() => undefined);
    // What the engine sent before its answer may be read after it, but by then.
    await turn();
    await pump.settled();
  }

  const follower = createFollower({
    ...parts,
    list,
    onEvent,
    onOpen: () => {
      inventory.opened();
      names.forget();
    },
    onClosed: () => {
      inventory.closed();
      known.forget();
      parts.agreement.interrupted();
    },
  });

  return {
    inventory,
    start: () => {
      if (running !== undefined) return;
      stopping = new AbortController();
      running = follower.run(stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await running;
      running = undefined;
      await pump.settled();
    },
    settled: async () => {
      const isSettled = new AbortController();
      const settled = settle().finally(() => isSettled.abort());
      await Promise.race([settled, parts.sleep(SETTLED_WITHIN_MS, isSettled.signal)]);
    },
    status: follower.status,
  };
}
