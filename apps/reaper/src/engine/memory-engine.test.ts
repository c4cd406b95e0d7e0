import { createHash } from 'node:crypto';
import { ManualClock } from '@sideband/shared/clock';
import { describe, expect, test } from 'vitest';
import { createMemoryDisk } from '../disk/memory-disk.ts';
import { chainIds } from './chain-ids.ts';
import { describeEngine, type EngineLab, type LayerOfTest } from './engine.suite.ts';
import { describeEngineEvents, type EngineEventsLab } from './engine-events.suite.ts';
import { startFollowing } from './following.suite.ts';
import { createMemoryEngine } from './memory-engine.ts';
import type { DigestName, EventPosition, ImageId, TagName } from './port.ts';

describeEngine('the in-memory engine', async () => memoryLab());
describeEngineEvents('the in-memory engine’s events', async () => memoryLab(), [
  'disturbContainer',
  'importImage',
]);

function memoryLab(): EngineLab & EngineEventsLab {
  const engine = createMemoryEngine();
  const offered = `quay.io/sideband/offered@${digest('offered')}` as DigestName;
  return {
    engine,
    async makeImage({ names, layers, labels }) {
      const id = digest(JSON.stringify([names, layers])) as ImageId;
      const image = { id, tags: names, layers: chained(layers), arrivedAt: Date.now() };
      return engine.addImage(labels === undefined ? image : { ...image, labels });
    },
    async pullOffered(by) {
      const tags = by === 'tag' ? ['quay.io/sideband/offered:1'] : [];
      const layers = chained([{ seed: 'offered', bytes: 10_000 }]);
      const image = { id: digest('config') as ImageId, tags, digests: [offered], layers, arrivedAt: 1 };
      return { id: engine.addImage({ ...image, by: 'pull' }), digest: offered };
    },
    async makeChild(parent, name) {
      const layers = (await engine.images()).find((image) => image.id === parent)?.layers ?? [];
      return engine.addImage({ tags: [name], parent, layers, arrivedAt: Date.now() });
    },
    makeContainer: async (image, state) => engine.addContainer({ image, state }),
    async createContainer(createdBy, labels) {
      const found = await engine.find(createdBy);
      if (found === undefined) throw new Error(`No such image: ${createdBy}`);
      return engine.addContainer({ image: found.id, labels, createdBy });
    },
    async runContainer(id) {
      engine.startContainer(id);
      engine.endContainer(id);
    },
    removeContainer: async (id) => engine.removeContainer(id),
    stopEngine: async () => engine.stop(),
    startEngine: async () => engine.start(),
    close: async () => undefined,
  };
}

function chained(layers: readonly LayerOfTest[]) {
  const chains = chainIds(layers.map((layer) => digest(JSON.stringify(layer))));
  return layers.map(({ bytes }, index) => ({ chain: chains[index] ?? '', bytes }));
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

describe('the other side of the in-memory engine', () => {
  const ruby = { tags: ['ruby:3.3'], layers: [{ chain: 'base', bytes: 100 }], arrivedAt: 1 };

  test('what a hook answers is the outcome, and nothing is removed', async () => {
    const engine = createMemoryEngine({ beforeRemove: () => ({ kind: 'failed', message: 'no space left' }) });
    const id = engine.addImage(ruby);
    expect(await engine.remove(id)).toEqual({ kind: 'failed', message: 'no space left' });
    expect(await engine.names(id)).toBeDefined();
  });

  test('a container can appear at the moment of a removal', async () => {
    const engine = createMemoryEngine({ beforeRemove: () => void engine.addContainer({ image: id }) });
    const id = engine.addImage(ruby);
    expect(await engine.remove(id)).toEqual({ kind: 'in-use' });
  });

  test('starting a container is seen', async () => {
    const engine = createMemoryEngine();
    const container = engine.addContainer({ image: engine.addImage(ruby) });
    expect((await engine.containers())[0]?.state).toBe('created');
    engine.startContainer(container);
    expect((await engine.containers())[0]?.state).toBe('running');
  });

  test('tagging sets the time of arrival, as Docker does', async () => {
    const engine = createMemoryEngine({ clock: new ManualClock(5_000) });
    const id = engine.addImage(ruby);
    await engine.tag(id, 'docker.io/library/ruby:latest' as TagName);
    expect((await engine.images())[0]).toMatchObject({ arrivedAt: 5_000, arrivalSource: 'tagged' });
  });

  test('a stopped engine is unavailable until it is started', async () => {
    const engine = createMemoryEngine();
    engine.stop();
    await expect(engine.images()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    await expect(engine.remove('docker.io/library/ruby:3.3' as TagName)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    });
    engine.start();
    expect(await engine.images()).toEqual([]);
  });

  test('tells the last 256 events to one who asks from before, each with a time of its own', async () => {
    const engine = createMemoryEngine({ clock: new ManualClock(5_000) });
    const image = engine.addImage(ruby);
    for (let count = 0; count < 300; count += 1) engine.addContainer({ image });

    const { events, stop } = await startFollowing(engine, '5' as EventPosition);
    await stop();

    expect(events).toHaveLength(256);
    const positions = events.map((event) => event.position);
    expect(positions).toEqual([...new Set(positions)].sort());
    expect(positions.at(-1)).toBe('5.000000300');
  });

  test('has forgotten what it told when it is back', async () => {
    const engine = createMemoryEngine({ clock: new ManualClock(5_000) });
    engine.addImage(ruby);
    engine.stop();
    engine.start();
    const { events, stop } = await startFollowing(engine, '5' as EventPosition);
    await stop();
    expect(events).toEqual([]);
  });

  test.each([
    ['pull', [['pull', 'ruby:3.3', undefined]]],
    ['load', [['load', 'its id', undefined]]],
    ['build', [['tag', 'its id', 'ruby:3.3']]],
  ] as const)('an image that comes by %s is told of so', async (by, told) => {
    const engine = createMemoryEngine();
    const { events, stop } = await startFollowing(engine);
    const id = engine.addImage({ ...ruby, by });
    await stop();
    const facts = events.map((event) => event.kind === 'image' && [event.action, event.image, event.name]);
    expect(facts).toEqual(
      told.map(([action, image, name]) => [action, image === 'its id' ? id : image, name]),
    );
  });

  test('what fails in the hands of one who follows is that one’s alone', async () => {
    const engine = createMemoryEngine();
    const onEvent = () => {
      throw new Error('broken');
    };
    const { signal } = new AbortController();
    const broken = engine.follow({ since: undefined, onOpen: () => undefined, onEvent, signal });
    const failing = expect(broken).rejects.toThrow('broken');
    const { events, stop } = await startFollowing(engine);
    engine.addImage(ruby);
    await failing;
    await stop();
    expect(events).toHaveLength(1);
  });

  test('its disk holds each layer once, beside what else is there, and frees it with the last image', async () => {
    const engine = createMemoryEngine();
    const disk = createMemoryDisk(engine, { capacityBytes: 1_000, otherBytes: () => 200 });
    const a = engine.addImage(ruby);
    const b = engine.addImage({
      ...ruby,
      tags: ['ruby:3.4'],
      layers: [...ruby.layers, { chain: 'top', bytes: 50 }],
    });
    const free = async () => (await disk.read())[0]?.freeBytes;
    expect(await free()).toBe(650);
    await engine.remove(a);
    expect(await free()).toBe(650);
    await engine.remove(b);
    expect(await free()).toBe(800);
  });
});
