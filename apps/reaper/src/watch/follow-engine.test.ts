import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { silentLog } from '@sideband/shared/log';
import { beforeEach, describe, expect, it } from 'vitest';
import { type EventPosition, type EventStream, IMAGE_ACTIONS } from '../engine/port.ts';
import { createFollower, type FollowParts } from './follow-engine.ts';
import { addImage, aWatch, HOUR, type ManualTime, MINUTE, manualTime, NOW } from './watch-lab.suite.ts';

const EVENT = {
  kind: 'image',
  action: IMAGE_ACTIONS[0],
  image: 'ruby:3.3',
  name: undefined,
  at: NOW as Millis,
  position: '1.0' as EventPosition,
} as const;

let time: ManualTime;
let streams: EventStream[];
let stop: AbortController;
let isThere: boolean;
let warned: { gapMs: number }[];
let noted: unknown[];
let follower: ReturnType<typeof createFollower>;
/** Ends the stream that is open. */
let breakOff: () => void;

function follow(more: Partial<FollowParts> = {}): void {
  const log = silentLog();
  log.warn = ((line: { gapMs: number }) => void warned.push(line)) as typeof log.warn;
  log.info = ((line: unknown) => void noted.push(line)) as typeof log.info;
  follower = createFollower({
    engine: {
      follow: async (stream) => {
        streams.push(stream);
        if (!isThere) throw new SidebandError('ENGINE_UNAVAILABLE');
        await new Promise<void>((resolve, reject) => {
          breakOff = () => reject(new SidebandError('ENGINE_FAILED'));
          stream.signal.addEventListener('abort', () => resolve(), { once: true });
          stream.onOpen();
        });
      },
    },
    position: () => '7.0' as EventPosition,
    onOpen: () => undefined,
    onClosed: () => undefined,
    onEvent: () => true,
    list: async () => undefined,
    clock: time.clock,
    sleep: time.sleep,
    random: () => 1 - Number.EPSILON,
    log,
    ...more,
  });
  void follower.run(stop.signal);
}

beforeEach(() => {
  time = manualTime();
  streams = [];
  stop = new AbortController();
  isThere = true;
  warned = [];
  noted = [];
});

describe('following an engine', () => {
  it('tries again with growing pauses, from where it was', async () => {
    isThere = false;
    follow();
    const pauses: (number | undefined)[] = [];
    for (let count = 0; count < 10; count += 1) {
      await time.pass(0);
      const [pause = 0] = time.sleeping();
      pauses.push(Math.round(pause));
      await time.pass(pause);
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(streams).toHaveLength(11);
    expect(streams.map(({ since }) => since)).toEqual(streams.map(() => '7.0'));
    stop.abort();
  });

  it('does not let all hosts come back at one moment', async () => {
    isThere = false;
    follow({ random: () => 0 });
    await time.pass(0);
    expect(time.sleeping()).toEqual([125]);
    stop.abort();
  });

  it('says once how long it was away, however often it tried', async () => {
    follow();
    await time.pass(HOUR);
    isThere = false;
    breakOff();
    await time.pass(MINUTE);
    expect(noted).toHaveLength(1);
    expect(warned).toEqual([]);
    isThere = true;
    await time.pass(MINUTE);
    expect(warned).toHaveLength(1);
    expect(warned[0]?.gapMs).toBeGreaterThanOrEqual(MINUTE);
    expect(warned[0]?.gapMs).toBeLessThan(2 * MINUTE);
    expect(follower.status()).toMatchObject({ isWatching: true, gaps: 1 });
    expect(follower.status().since).toBe(NOW + HOUR + (warned[0]?.gapMs ?? 0));
    stop.abort();
  });

  it('begins with a short pause again after a stream that held', async () => {
    follow();
    await time.pass(0);
    for (let count = 0; count < 4; count += 1) {
      breakOff();
      await time.pass(5_000);
    }
    breakOff();
    await time.pass(0);
    expect(Math.round(time.sleeping()[0] ?? 0)).toBe(4_000);
    await time.pass(4_000 + MINUTE);
    breakOff();
    await time.pass(0);
    expect(Math.round(time.sleeping()[0] ?? 0)).toBe(250);
    expect(follower.status().gaps).toBe(6);
    stop.abort();
  });

  it('is not watching before the containers have been listed', async () => {
    let listed = (): void => undefined;
    follow({
      list: () =>
        new Promise((resolve) => {
          listed = resolve;
        }),
    });
    await time.pass(0);
    expect(follower.status().isWatching).toBe(false);
    listed();
    await time.pass(0);
    expect(follower.status().isWatching).toBe(true);
    stop.abort();
    await time.pass(0);
    expect(follower.status()).toMatchObject({ isWatching: false, gaps: 0 });
  });

  it('begins anew when there is no room for an event, and takes nothing more from the old stream', async () => {
    const taken: unknown[] = [];
    follow({ onEvent: (event) => taken.push(event) < 2 });
    await time.pass(0);
    for (let count = 0; count < 3; count += 1) streams[0]?.onEvent(EVENT);
    await time.pass(MINUTE);
    expect(taken).toHaveLength(2);
    expect(streams).toHaveLength(2);
    expect(follower.status()).toMatchObject({ isWatching: true, gaps: 1, events: 2 });
    stop.abort();
  });
});

describe('a gap', () => {
  it('is bridged by the events that the engine still has, and by a list of its containers', async () => {
    const { engine, watch, time: passing, since, calls, news } = await aWatch();
    addImage(engine, 'before:1');
    await news();
    engine.stop();
    await passing.pass(0);
    expect(watch.status()).toMatchObject({ isWatching: false, gaps: 1 });
    engine.start();
    const meanwhile = addImage(engine, 'meanwhile:1');
    engine.addContainer({ image: meanwhile, state: 'exited' });
    const lists = calls.containers;
    await passing.pass(MINUTE);
    expect(calls.containers - lists).toBe(1);

    const seen = await news();

    expect(watch.status()).toMatchObject({ isWatching: true, gaps: 1 });
    expect(since[0]).toBeUndefined();
    expect(since.at(-1)).toMatch(/^\d+\.\d{9}$/);
    expect(seen.builtHere).toContain(meanwhile);
    expect(seen.uses.filter(({ role }) => role === 'container')).toMatchObject([
      { identities: [meanwhile, 'docker.io/library/meanwhile:1'] },
    ]);
    await watch.stop();
  });
});
