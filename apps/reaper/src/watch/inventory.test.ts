import { ManualClock, type Millis } from '@sideband/shared/clock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineContainer, EngineImage, ImageId } from '../engine/port.ts';
import { createInventory, type WatchedInventory } from './inventory.ts';
import { HOUR, MINUTE, NOW } from './watch-lab.suite.ts';

const ID = `sha256:${'a'.repeat(64)}` as ImageId;
const IMAGE: EngineImage = {
  id: ID,
  tags: [],
  digests: [],
  layers: [],
  parent: undefined,
  labels: {},
  arrivedAt: NOW,
  arrivalSource: 'record',
};
const CONTAINER: EngineContainer = { id: 'c', image: ID, createdAt: NOW, state: 'running', labels: {} };

let clock: ManualClock;
let calls: { images: number; containers: number };
let images: readonly EngineImage[];
let told: (readonly EngineImage[])[];
let inventory: WatchedInventory;

beforeEach(() => {
  clock = new ManualClock(NOW);
  calls = { images: 0, containers: 0 };
  images = [IMAGE];
  told = [];
  inventory = createInventory({
    engine: {
      images: async () => {
        calls.images += 1;
        return images;
      },
      containers: async () => {
        calls.containers += 1;
        return [CONTAINER];
      },
    },
    clock,
    correct: (at) => (at + 5) as Millis,
    onImages: (list) => void told.push(list),
  });
  inventory.opened();
});

async function askBoth(): Promise<typeof calls> {
  await inventory.images();
  await inventory.containers();
  return { ...calls };
}

describe('the inventory', () => {
  it('asks the engine once while nothing happens', async () => {
    expect(await askBoth()).toEqual({ images: 1, containers: 1 });
    clock.advance(10 * MINUTE);
    expect(await askBoth()).toEqual({ images: 1, containers: 1 });
  });

  it('asks for what something happened to', async () => {
    await askBoth();
    inventory.happened({ kind: 'container' });
    expect(await askBoth()).toEqual({ images: 1, containers: 2 });
    inventory.happened({ kind: 'image' });
    expect(await askBoth()).toEqual({ images: 2, containers: 2 });
  });

  it('asks for containers after ten minutes, and for images if anything happened since', async () => {
    await askBoth();
    inventory.happened({ kind: 'container' });
    clock.advance(10 * MINUTE + 1);
    expect(await askBoth()).toEqual({ images: 2, containers: 2 });
    clock.advance(HOUR);
    expect(await askBoth()).toEqual({ images: 2, containers: 3 });
  });

  it('asks again when the clock was set back', async () => {
    await askBoth();
    clock.advance(-1);
    expect(await askBoth()).toEqual({ images: 1, containers: 2 });
  });

  it('keeps nothing while events are not followed, nor what was read before', async () => {
    await askBoth();
    inventory.closed();
    await askBoth();
    expect(await askBoth()).toEqual({ images: 3, containers: 3 });
    inventory.opened();
    expect(await askBoth()).toEqual({ images: 4, containers: 4 });
    expect(told).toHaveLength(2);
  });

  it('asks when it is told to', async () => {
    await askBoth();
    inventory.refresh();
    expect(await askBoth()).toEqual({ images: 2, containers: 2 });
  });

  it('shares one call among those who ask at a time, but not across an event', async () => {
    await Promise.all([inventory.containers(), inventory.containers(), inventory.relist()]);
    expect(calls.containers).toBe(1);
    const early = inventory.images();
    inventory.happened({ kind: 'image' });
    await Promise.all([early, inventory.images()]);
    expect(calls.images).toBe(2);
    await inventory.images();
    expect(calls.images).toBe(2);
  });

  it('keeps no list that was on its way while something happened', async () => {
    const early = inventory.images();
    inventory.happened({ kind: 'image' });
    await early;
    expect(told).toEqual([]);
    expect(inventory.listed(ID)).toBeUndefined();
    await inventory.images();
    expect(inventory.listed(ID)).toBe(IMAGE);
    inventory.happened({ kind: 'container' });
    expect(inventory.listed(ID)).toBe(IMAGE);
    inventory.happened({ kind: 'image' });
    expect(inventory.listed(ID)).toBeUndefined();
  });

  it('gives times by the fleet’s clock, except when an image was built', async () => {
    images = [IMAGE, { ...IMAGE, arrivalSource: 'created' }];
    expect((await inventory.images()).map(({ arrivedAt }) => arrivedAt)).toEqual([NOW + 5, NOW]);
    expect((await inventory.images()).map(({ arrivedAt }) => arrivedAt)).toEqual([NOW + 5, NOW]);
    expect((await inventory.containers())[0]?.createdAt).toBe(NOW + 5);
    expect((await inventory.relist())[0]?.createdAt).toBe(NOW + 5);
  });

  it('asks again after the engine failed', async () => {
    let fails = true;
    inventory = createInventory({
      engine: {
        images: async () => [],
        containers: async () => {
          if (fails) throw new Error('no engine');
          return [CONTAINER];
        },
      },
      clock,
      correct: (at) => at,
      onImages: () => undefined,
    });
    await expect(inventory.containers()).rejects.toThrow('no engine');
    fails = false;
    expect(await inventory.containers()).toHaveLength(1);
  });
});
