import { setImmediate as turn } from 'node:timers/promises';
import { type Clock, msLeft } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { Sightings } from '../evidence/sightings.ts';
import { createBatch } from './batch.ts';
import { createEventQueue, type Waiting } from './event-queue.ts';
import type { Sleep } from './sleep.ts';

/** Between the engine's stream, which must not wait, and the evidence, which takes its time. */
export interface Pump {
  /** False where too much waits: it was not taken. */
  push(waiting: Waiting): boolean;
  /** Resolves when all that was pushed so far is noted. */
  settled(): Promise<void>;
}

export interface PumpParts {
  /** Never throws. */
  readonly lookUp: (waiting: Waiting) => Promise<readonly Sightings[]>;
  readonly see: (sightings: Sightings) => Promise<void>;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly log: Log;
}

/** Four times a second is as often as a state file should be written. What comes after a pause does not wait for it. */
const BATCH_MS = 250;
const BATCH_SIZE = 1_000;
/** After so many the stream is read again: an engine drops what is not taken off within 100 ms. */
const TURN_EVERY = 100;

export function createPump({ lookUp, see, clock, sleep, log }: PumpParts): Pump {
  const queue = createEventQueue();
  const batch = createBatch();
  const waiters = new Set<{ readonly upTo: number; readonly resolve: () => void }>();
  let isRunning = false;
  let pushed = 0;
  let deliveredAt: number | undefined;
  let resting = new AbortController();

  async function run(): Promise<void> {
    // Not within the call that pushed: that is the engine's stream.
    await turn();
    while (queue.size > 0 || !batch.isEmpty) {
      await lookUpAll();
      await rest();
      if (queue.size === 0) await deliverAll();
    }
    isRunning = false;
  }

  async function lookUpAll(): Promise<void> {
    let count = 0;
    for (let waiting = queue.shift(); waiting !== undefined; waiting = queue.shift()) {
      for (const sightings of await lookUp(waiting)) {
        if (batch.clashes(sightings)) await deliver();
        batch.add(sightings);
      }
      count += 1;
      if (count % TURN_EVERY === 0) await turn();
      if (batch.size >= BATCH_SIZE || restMs() === 0) await deliver();
    }
  }

  function restMs(): number {
    return msLeft(deliveredAt, BATCH_MS, clock);
  }

  async function rest(): Promise<void> {
    if (waiters.size > 0 || restMs() === 0) return;
    resting = new AbortController();
    await sleep(restMs(), resting.signal);
  }

  async function deliverAll(): Promise<void> {
    const upTo = pushed;
    await deliver();
    for (const waiter of waiters) {
      if (waiter.upTo > upTo) continue;
      waiters.delete(waiter);
      waiter.resolve();
    }
  }

  async function deliver(): Promise<void> {
    if (batch.isEmpty) return;
    const sightings = batch.take();
    deliveredAt = clock.now();
    try {
      await see(sightings);
    } catch (error) {
      // What is still here is seen again in the next list of containers.
      log.error({ err: error, uses: sightings.uses.length }, 'What watch saw could not be noted');
    }
  }

  return {
    push: (waiting) => {
      if (!queue.push(waiting)) return false;
      pushed += 1;
      if (isRunning) return true;
      isRunning = true;
      void run();
      return true;
    },
    settled: () => {
      if (!isRunning) return Promise.resolve();
      const { promise, resolve } = withResolvers();
      waiters.add({ upTo: pushed, resolve });
      resting.abort();
      return promise;
    },
  };
}

/** As `Promise.withResolvers`, which Node has from 22 on. */
function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
