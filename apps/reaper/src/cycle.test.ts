import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aJob, HOST, hostWith } from './cycle.suite.ts';
import { createMemoryDisk } from './disk/memory-disk.ts';
import type { Disk } from './disk/port.ts';
import { createMemoryEngine, type MemoryEngine } from './engine/memory-engine.ts';
import type { ImageId } from './engine/port.ts';
import type { Policy } from './plan/policy.ts';
import { aPolicy, MINUTE, NOW } from './plan/snapshot.suite.ts';

let stateDirectory: string;

beforeEach(async () => {
  stateDirectory = await mkdtemp(join(tmpdir(), 'sideband-cycle-'));
});
afterEach(() => rm(stateDirectory, { recursive: true }));

/** A host with three images of 100 bytes, a used longest ago, on a disk of 1,000 bytes with 150 free. */
async function aHost(
  policy: Policy,
  engine = createMemoryEngine(),
  otherBytes = (): number => 550,
  mayEvict = true,
) {
  const disk = createMemoryDisk(engine, { capacityBytes: 1_000, otherBytes });
  const host = await hostWith({ engine, disk, policy, stateDirectory, mayEvict });
  const add = async (name: string, minutesAgo: number): Promise<ImageId> => {
    const layers = [{ chain: name, bytes: 100 }];
    const id = engine.addImage({ tags: [`${name}:1`], layers, arrivedAt: NOW - 900 * MINUTE });
    await host.used(id, minutesAgo);
    return id;
  };
  return { ...host, a: await add('a', 300), b: await add('b', 200), c: await add('c', 100) };
}

describe('a cycle', () => {
  it('evicts down to stop, writes the journal and reports what is left', async () => {
    const host = await aHost(aPolicy());

    const result = await host.run({ kind: 'check' });

    expect(result).toEqual({
      ...{ state: 'healthy', planned: 2, evicted: 2, bytes: 200 },
      evidence: 'watch-only',
    });
    expect(await host.present()).toEqual([host.c]);
    expect(host.said.journal.map(({ image, outcome, reason }) => ({ image, outcome, reason }))).toEqual([
      { image: host.a, outcome: 'evicted', reason: 'disk-low' },
      { image: host.b, outcome: 'evicted', reason: 'disk-low' },
    ]);
    expect(host.said.report?.images).toMatchObject([{ id: host.c, verdict: 'keep', reason: 'room-enough' }]);
  });

  it('stops as soon as the disk has room, whatever the plan had summed up', async () => {
    // Something else frees 100 bytes while the first image is deleted.
    let otherBytes = 550;
    const engine = createMemoryEngine({
      beforeRemove: () => {
        otherBytes = 450;
        return undefined;
      },
    });
    const host = await aHost(aPolicy(), engine, () => otherBytes);
    expect(await host.run({ kind: 'check' })).toMatchObject({ planned: 2, evicted: 1 });
  });

  it('only says what it would do in observe, once an image', async () => {
    const host = await aHost(aPolicy({ mode: 'observe' }));

    const first = await host.run({ kind: 'check' });
    await host.run({ kind: 'check' });

    expect(await host.metrics.text()).toContain('evictions_total{outcome="would-evict"} 2');
    expect(first).toMatchObject({ state: 'low', planned: 2, evicted: 0 });
    expect(await host.present()).toHaveLength(3);
    expect(host.said.journal.map(({ image, outcome }) => [image, outcome])).toEqual([
      [host.a, 'would-evict'],
      [host.b, 'would-evict'],
    ]);
  });

  it('only observes while it may not evict', async () => {
    const host = await aHost(aPolicy(), createMemoryEngine(), () => 550, false);
    expect(await host.run({ kind: 'check' })).toMatchObject({ planned: 2, evicted: 0 });
    expect(await host.present()).toHaveLength(3);
  });

  it('ends with the deletion under way when it may not go on, and says nothing of what it left', async () => {
    const engine = createMemoryEngine();
    const disk = createMemoryDisk(engine, { capacityBytes: 1_000, otherBytes: () => 550 });
    let asked = 0;
    const mayGoOn = async (): Promise<boolean> => {
      asked += 1;
      return asked === 1;
    };
    const host = await hostWith({ engine, disk, policy: aPolicy(), stateDirectory, mayGoOn });
    const ids = ['a', 'b', 'c'].map((name) =>
      engine.addImage({ tags: [`${name}:1`], layers: [{ chain: name, bytes: 100 }], arrivedAt: 1 }),
    );
    for (const [index, id] of ids.entries()) await host.used(id, 300 - 100 * index);

    expect(await host.run({ kind: 'check' })).toMatchObject({ planned: 2, evicted: 1 });
    expect(host.outcomes()).toEqual([[ids[0], 'evicted']]);
  });

  it('changes nothing on a plan request, and journals nothing', async () => {
    const host = await aHost(aPolicy());
    expect(await host.run({ kind: 'plan' })).toMatchObject({ planned: 2, evicted: 0 });
    expect(await host.present()).toHaveLength(3);
    expect(host.said.journal).toEqual([]);
  });

  it('skips an image that a container got between plan and deletion, and takes the next instead', async () => {
    const engine: MemoryEngine = createMemoryEngine({
      beforeRemove: (target) => {
        if (target === ids.a) engine.addContainer({ image: ids.a });
        return undefined;
      },
    });
    const ids = { a: '' as ImageId };
    const host = await aHost(aPolicy(), engine);
    ids.a = host.a;

    const result = await host.run({ kind: 'check' });

    expect(await host.present()).toEqual([host.a]);
    expect(result).toMatchObject({ evicted: 2 });
    expect(host.said.journal.map(({ image, outcome }) => [image, outcome])).toEqual([
      [host.a, 'in-use'],
      [host.b, 'evicted'],
      [host.c, 'evicted'],
    ]);
  });

  it.each(['confirmed', 'predicted'] as const)(
    'keeps an image that a job leased (%s) while the plan was carried out',
    async (strength) => {
      const engine: MemoryEngine = createMemoryEngine({
        beforeRemove: async () => {
          await ready.lease();
          return undefined;
        },
      });
      const ready = { lease: async (): Promise<void> => undefined };
      const host = await aHost(aPolicy(), engine);
      ready.lease = () =>
        host.store.lease(HOST, [
          {
            job: aJob(9),
            identity: host.b as unknown as Identity,
            strength,
            expiresAt: (NOW + MINUTE) as Millis,
          },
        ]);

      await host.run({ kind: 'check' });
      expect(await host.present()).toEqual([host.b]);
      expect(host.said.journal.map(({ outcome }) => outcome)).toEqual(['evicted', 'in-use', 'evicted']);
    },
  );

  it('says so when nothing more may go and the disk is still low', async () => {
    const host = await aHost(aPolicy(), createMemoryEngine(), () => 900);
    const result = await host.run({ kind: 'check' });

    expect(await host.present()).toEqual([]);
    expect(result).toMatchObject({ state: 'low', evicted: 3 });
    expect(host.said.journal.at(-1)).toMatchObject({ outcome: 'shortfall', bytes: 200 });
  });

  it('says once what stays as it is: what it would do, what was refused, what is lacking', async () => {
    const { disk } = aPolicy();
    const stop = { kind: 'bytes', bytes: 700 } as typeof disk.stop;
    const observing = await aHost(aPolicy({ mode: 'observe', disk: { ...disk, stop } }));
    await observing.run({ kind: 'plan' });
    for (let check = 0; check < 3; check += 1) await observing.run({ kind: 'check' });
    expect(observing.outcomes().map(([, outcome]) => outcome)).toEqual([
      'would-evict',
      'would-evict',
      'would-evict',
      'shortfall',
    ]);

    const refusing = createMemoryEngine({ beforeRemove: () => ({ kind: 'failed', message: 'no' }) });
    const refused = await aHost(aPolicy(), refusing);
    for (let check = 0; check < 3; check += 1) await refused.run({ kind: 'check' });
    expect(refused.outcomes().map(([, outcome]) => outcome)).toEqual([
      'failed',
      'failed',
      'failed',
      'shortfall',
    ]);
  });

  it('waits for a filesystem that gives room back later, instead of deleting more', async () => {
    const engine = createMemoryEngine();
    const memoryDisk = createMemoryDisk(engine, { capacityBytes: 1_000, otherBytes: () => 550 });
    const [before] = await memoryDisk.read();
    let lagging = 6;
    const disk: Disk = {
      read: async () => {
        lagging -= 1;
        const now = await memoryDisk.read();
        return lagging > 0
          ? now.map((one) => ({ ...one, freeBytes: 150, totalBytes: before?.totalBytes ?? 0 }))
          : now;
      },
    };
    const host = await hostWith({ engine, disk, policy: aPolicy(), stateDirectory });
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const id = engine.addImage({
        tags: [`${name}:1`],
        layers: [{ chain: name, bytes: 100 }],
        arrivedAt: 1,
      });
      await host.used(id, 300 - 100 * index);
    }
    expect(await host.run({ kind: 'check' })).toMatchObject({ evicted: 2 });
  });

  it('goes on with the evidence it last read while Redis is away, also when it is started anew', async () => {
    const engine = createMemoryEngine();
    const host = await aHost(aPolicy(), engine);
    await host.run({ kind: 'plan' });

    const disk = createMemoryDisk(engine, { capacityBytes: 1_000, otherBytes: () => 550 });
    const anew = await hostWith({ engine, disk, policy: aPolicy(), stateDirectory });
    anew.redis.isAway = true;
    expect((await anew.run({ kind: 'check' })).evicted).toBe(2);
    expect(anew.outcomes()).toEqual([
      [host.a, 'evicted'],
      [host.b, 'evicted'],
    ]);
  });

  it('says that the evidence is stale: in the result, the state and the report', async () => {
    const host = await aHost(aPolicy({ mode: 'observe' }), createMemoryEngine(), () => 0);
    await host.store.markFed(HOST, { at: NOW as Millis, instances: new Map() });
    expect(await host.run({ kind: 'check' })).toMatchObject({ state: 'observing', evidence: 'fresh' });
    host.clock.advance(61 * MINUTE);
    expect(await host.run({ kind: 'check' })).toMatchObject({ state: 'stale', evidence: 'stale' });
    expect(host.said.report).toMatchObject({ state: 'stale', evidence: { kind: 'stale', asOf: NOW } });
  });

  it('evicts nothing of a project of which the runner lists a job that has no container yet', async () => {
    const host = await aHost(aPolicy());
    host.runningJobs.push({ project: aJob(1).project, job: 99 as never });
    expect(await host.run({ kind: 'check' })).toMatchObject({ evicted: 0 });
    host.runningJobs.pop();
    expect(await host.run({ kind: 'check' })).toMatchObject({ evicted: 2 });
  });

  it('begins clean after one that failed', async () => {
    const engine = createMemoryEngine();
    const host = await aHost(aPolicy(), engine);
    engine.stop();
    await expect(host.run({ kind: 'check' })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    engine.start();
    expect((await host.run({ kind: 'check' })).evicted).toBe(2);
  });

  it('runs one request after the other, never two at once', async () => {
    let removing = 0;
    let most = 0;
    const engine = createMemoryEngine({
      beforeRemove: async () => {
        removing += 1;
        most = Math.max(most, removing);
        await Promise.resolve();
        removing -= 1;
        return undefined;
      },
    });
    const host = await aHost(aPolicy(), engine);
    const [first, second] = await Promise.all([host.run({ kind: 'check' }), host.run({ kind: 'check' })]);
    expect([first.evicted, second.evicted, most]).toEqual([2, 0, 1]);
  });
});
