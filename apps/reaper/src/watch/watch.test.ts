import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { afterEach, describe, expect, it } from 'vitest';
import type { MemoryEngine } from '../engine/memory-engine.ts';
import type { EngineContainer, ImageId } from '../engine/port.ts';
import {
  addImage,
  aWatch,
  idOf,
  MANAGER,
  MINUTE,
  NOW,
  runnerLabels,
  type WatchLab,
} from './watch-lab.suite.ts';

let lab: WatchLab | undefined;

afterEach(async () => {
  await lab?.watch.stop();
  lab = undefined;
});

async function watching(...more: Parameters<typeof aWatch>): Promise<WatchLab> {
  lab = await aWatch(...more);
  return lab;
}

/** Containers of a job as the runner makes them: a service, the helper, then the build. */
function runJob(
  engine: MemoryEngine,
  job: number,
  images: Record<'build' | 'service' | 'predefined', ImageId>,
): string[] {
  return (['service', 'predefined', 'build'] as const).map((type) => {
    const id = engine.addContainer({ image: images[type], labels: runnerLabels(job, type) });
    engine.startContainer(id);
    return id;
  });
}

describe('a job on the host', () => {
  it('is seen with its roles, its images under all their names, its claim and its manager', async () => {
    const { engine, time, news, jobContainers } = await watching();
    const build = engine.addImage({
      tags: ['ruby:3.3'],
      digests: [`ruby@sha256:${'a'.repeat(64)}`],
      layers: [],
      arrivedAt: NOW,
      by: 'pull',
    });
    const service = addImage(engine, 'redis:7');
    const helper = addImage(engine, 'helper:1');
    await news();
    const containers = runJob(engine, 77, { build, service, predefined: helper });
    time.clock.advance(5 * MINUTE);
    for (const container of containers) engine.removeContainer(container);

    const seen = await news();

    const ended = NOW + 5 * MINUTE;
    expect(seen.uses.map(({ role, identities, at, source }) => [role, identities[0], at, source])).toEqual([
      ['service', service, ended, 'watch'],
      ['helper', helper, ended, 'watch'],
      ['build', build, ended, 'watch'],
    ]);
    expect(seen.uses[2]).toMatchObject({
      job: { instance: 'blue', project: 42, job: 77 },
      jobName: '',
      identities: [build, `docker.io/library/ruby@sha256:${'a'.repeat(64)}`, 'docker.io/library/ruby:3.3'],
      receivedAt: ended,
    });
    expect(seen.claims).toEqual([{ gitlab: 'gitlab.example.com', project: 42, job: 77 }]);
    expect(seen.managers).toEqual([MANAGER]);
    expect(seen.projects).toEqual([{ url: 'https://gitlab.example.com/group/app', project: 42 }]);
    expect(seen.position).toMatch(/^\d+\.\d{9}$/);
    const actions = jobContainers.filter(({ role }) => role === 'build').map(({ action }) => action);
    expect(actions).toEqual(['create', 'start', 'die', 'destroy']);
  });

  it('is told apart from another with the same image', async () => {
    const { engine, news } = await watching();
    const image = addImage(engine, 'ruby:3.3');
    engine.addContainer({ image, labels: runnerLabels(77, 'build') });
    engine.addContainer({ image, labels: runnerLabels(78, 'build') });
    const { uses, claims } = await news();
    expect(uses.filter(({ role }) => role === 'build').map(({ job }) => job?.job)).toEqual([77, 78]);
    expect(claims.map(({ job }) => job)).toEqual([77, 78]);
  });

  it('with forged labels is a use of an image and of nothing else', async () => {
    const { engine, news } = await watching();
    const image = addImage(engine, 'ruby:3.3');
    await news();
    const labels = runnerLabels(77, 'build', {
      'job.url': 'https://evil.example/x',
      'runner.system_id': '*',
    });
    engine.addContainer({ image, labels });
    const seen = await news();
    expect(seen.uses).toMatchObject([{ job: undefined, role: 'build' }]);
    expect([seen.claims, seen.managers, seen.projects]).toEqual([[], [], []]);
  });
});

describe('the list of containers', () => {
  it('makes sightings of what is there at the start: running ones used now, others when they were created', async () => {
    const { seen, engine, watch } = await watching({
      correct: (at) => (at + 1_000) as Millis,
      before: (it) => {
        const running = addImage(it, 'running:1');
        it.addContainer({ image: running, state: 'running', labels: runnerLabels(77, 'build') });
        it.addContainer({ image: addImage(it, 'exited:1'), state: 'exited' });
      },
    });
    await watch.settled();
    const [running, exited] = await Promise.all(['running:1', 'exited:1'].map((name) => engine.find(name)));
    expect(seen().uses.map(({ identities, at, role }) => [identities[0], at, role])).toEqual([
      [running?.id, NOW + 1_000, 'build'],
      [exited?.id, NOW + 1_000, 'container'],
    ]);
    expect(seen().claims).toHaveLength(1);
  });

  it('is read every ten minutes', async () => {
    const { engine, time, watch, news } = await watching();
    const image = addImage(engine, 'ruby:3.3');
    engine.addContainer({ image, state: 'running' });
    engine.addContainer({ image: addImage(engine, 'exited:1'), state: 'exited' });
    await news();
    await time.pass(10 * MINUTE);
    await watch.settled();
    const { uses } = await news();
    expect(uses.map(({ identities, at }) => [identities[0], at])).toEqual([
      [(await engine.find('exited:1'))?.id, NOW],
      [image, NOW + 10 * MINUTE],
    ]);
  });

  it('ends the stream where the engine does not answer, and all begins anew', async () => {
    let fails = false;
    const lists: EngineContainer[][] = [];
    const first = await watching();
    const engine = {
      ...first.engine,
      containers: async () => {
        if (fails) throw new SidebandError('ENGINE_FAILED', { reason: 'no answer in time' });
        lists.push([]);
        return [];
      },
    };
    await first.watch.stop();
    const { watch, time } = await watching({ engine });
    expect(watch.status()).toMatchObject({ isWatching: true, gaps: 0 });
    fails = true;
    await time.pass(10 * MINUTE);
    expect(watch.status()).toMatchObject({ isWatching: false, gaps: 1 });
    fails = false;
    await time.pass(MINUTE);
    expect(watch.status()).toMatchObject({ isWatching: true, gaps: 1 });
    expect(lists).toHaveLength(2);
  });
});

describe('a burst of events', () => {
  it('of 10,000 loses none of the jobs and keeps no more than each once', async () => {
    const { engine, watch, batches, seen } = await watching();
    const images = Array.from({ length: 50 }, (_, index) => addImage(engine, `image:${index}`));
    for (let job = 1; job <= 2_500; job += 1) {
      const image = images[job % images.length] as ImageId;
      const id = engine.addContainer({ image, labels: runnerLabels(job, 'build') });
      engine.startContainer(id);
      engine.removeContainer(id);
    }
    await watch.settled();
    expect(watch.status().events).toBe(50 + 10_000);
    expect(new Set(seen().claims.map(({ job }) => job)).size).toBe(2_500);
    const builds = batches.flatMap(({ uses }) => uses).filter(({ role }) => role === 'build');
    expect(builds).toHaveLength(2_500);
    expect(watch.status().gaps).toBe(0);
  });

  it('asks the engine for each image once', async () => {
    const { engine, watch, calls } = await watching();
    const image = addImage(engine, 'ruby:3.3');
    await watch.settled();
    const before = calls.find;
    for (let job = 1; job <= 500; job += 1)
      engine.addContainer({ image, labels: runnerLabels(job, 'build') });
    await watch.settled();
    expect(calls.find - before).toBeLessThanOrEqual(1);
    expect(calls.images).toBe(0);
  });
});

describe('an idle hour', () => {
  it('costs the stream that is open, six lists of containers and nothing else', async () => {
    const { engine, time, watch, calls } = await watching();
    engine.addContainer({ image: addImage(engine, 'ruby:3.3'), state: 'running' });
    await watch.settled();
    await time.pass(10 * MINUTE);
    await watch.inventory.images();
    const before = { ...calls };
    for (let minute = 0; minute < 60; minute += 1) {
      await time.pass(MINUTE);
      // What a cycle asks for each minute.
      await watch.settled();
      await watch.inventory.images();
      await watch.inventory.containers();
    }
    expect(calls).toEqual({ ...before, containers: before.containers + 6 });
  });
});

describe('noting what was seen', () => {
  it('does not wait after a pause, and is done four times a second at most', async () => {
    const { engine, time, batches } = await watching();
    const image = addImage(engine, 'ruby:3.3');
    await time.pass(1_000);
    const before = batches.length;
    for (let count = 0; count < 50; count += 1) {
      engine.addContainer({ image, labels: runnerLabels(count + 1, 'build') });
      await time.pass(20);
    }
    expect(batches.length - before).toBeGreaterThanOrEqual(4);
    expect(batches.length - before).toBeLessThanOrEqual(5);
    expect(batches[before]?.uses).toHaveLength(1);
  });

  it('goes on when it failed once', async () => {
    let isFull = true;
    const noted: string[] = [];
    const { engine, watch } = await watching({
      see: async ({ uses }) => {
        if (isFull) throw new Error('disk full');
        noted.push(...uses.flatMap(({ identities }) => identities));
      },
    });
    addImage(engine, 'lost:1');
    await watch.settled();
    isFull = false;
    const id = addImage(engine, 'kept:1');
    await watch.settled();
    expect(noted).toContain(idOf(id));
  });

  it('is finished when watch has stopped', async () => {
    const { engine, watch, seen } = await watching();
    const id = addImage(engine, 'ruby:3.3');
    await watch.stop();
    expect(seen().builtHere).toEqual([id]);
    addImage(engine, 'late:1');
    await watch.settled();
    expect(seen().builtHere).toEqual([id]);
  });
});
