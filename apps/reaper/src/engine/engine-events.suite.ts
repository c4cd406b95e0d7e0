import { until } from '@sideband/infra/testkit/until';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EngineLab } from './engine.suite.ts';
import { type Following, startFollowing } from './following.suite.ts';
import type { Engine, EventPosition, ImageId, TagName } from './port.ts';

/** An engine under test, and whoever works with it. What is optional is left out where an engine cannot do it. */
export interface EngineEventsLab
  extends Pick<EngineLab, 'engine' | 'makeImage' | 'pullOffered' | 'removeContainer' | 'close'> {
  /** Under this name or id, and with these labels. It is not started. */
  createContainer(image: string, labels: Readonly<Record<string, string>>): Promise<string>;
  /** Starts a container, and ends it. */
  runContainer(id: string): Promise<void>;
  /** Starts a container that stays, executes something in it and lets a health check pass. */
  disturbContainer?(id: string): Promise<void>;
  /** From the tar of a filesystem, under this tag. */
  importImage?(name: string): Promise<ImageId>;
  stopEngine(): Promise<void>;
  startEngine(): Promise<void>;
}

const RUNNER_LABELS = {
  'com.gitlab.gitlab-runner.job.id': '4711',
  'com.gitlab.gitlab-runner.job.url': 'https://gitlab.example.com/größe/web/-/jobs/4711',
};

/** How every engine tells what happens on it. The tests share one engine and clean up behind themselves. */
export function describeEngineEvents(
  name: string,
  open: () => Promise<EngineEventsLab>,
  /** What an engine has no way to do. */
  without: readonly ('disturbContainer' | 'importImage')[] = [],
): void {
  const testWith = (part: (typeof without)[number], title: string, body: () => Promise<void>): void => {
    if (!without.includes(part)) test(title, body);
  };
  describe(name, () => {
    let lab: EngineEventsLab;
    let engine: Engine;
    let following: Following | undefined;

    beforeAll(async () => {
      lab = await open();
      engine = lab.engine;
    });
    afterEach(async () => {
      // One that a test has seen fail is over.
      await following?.stop().catch(() => undefined);
      following = undefined;
    });
    afterAll(async () => await lab?.close());

    async function follow(since?: EventPosition): Promise<Following> {
      const begun = await startFollowing(engine, since);
      following = begun;
      return begun;
    }

    // A full name: Podman loads short ones into `localhost/`, Docker into `docker.io/library/`.
    const nameOf = (seed: string): TagName => `ghcr.io/team/${seed}:1` as TagName;

    async function anImage(seed: string): Promise<ImageId> {
      return await lab.makeImage({ names: [nameOf(seed)], layers: [{ seed, bytes: 1_000 }] });
    }

    async function removeImage(id: ImageId): Promise<void> {
      for (const tag of (await engine.names(id))?.tags ?? []) await engine.remove(tag);
      await engine.remove(id);
    }

    describe('a container', () => {
      test('is told of from its creation to its removal, with its image and its labels', async () => {
        const id = await anImage('life');
        const { events, first } = await follow();
        const before = Date.now();

        const container = await lab.createContainer(nameOf('life'), RUNNER_LABELS);
        await lab.runContainer(container);
        await lab.removeContainer(container);
        await first(`container destroy ${container}`);

        const own = events.filter((event) => event.kind === 'container');
        const life = lab.runContainer === undefined ? [] : ['start', 'die'];
        expect(own.map((event) => event.action)).toEqual(['create', ...life, 'destroy']);
        for (const event of own) {
          expect(event.container).toBe(container);
          expect(event.labels).toMatchObject(RUNNER_LABELS);
          expect((await engine.find(event.image))?.id).toBe(id);
          expect(event.at).toBeGreaterThan(before - 1_000);
          expect(event.at).toBeLessThan(Date.now() + 1_000);
          expect(event.position).toMatch(/^\d+\.\d{9}$/);
        }
        await removeImage(id);
      });

      test('that was created by id has an image that can be found, and is listed with its time', async () => {
        const id = await anImage('by-id');
        const { first } = await follow();
        const container = await lab.createContainer(id, {});
        const created = await first(`container create ${container}`);
        if (created.kind !== 'container') expect.unreachable();
        expect((await engine.find(created.image))?.id).toBe(id);
        const listed = (await engine.containers()).find((each) => each.id === container);
        // The list has whole seconds.
        expect(Math.abs((listed?.createdAt ?? 0) - created.at)).toBeLessThanOrEqual(2_000);
        await lab.removeContainer(container);
        await removeImage(id);
      });

      testWith(
        'disturbContainer',
        'in which something is executed or looked after tells nothing of that',
        async () => {
          if (lab.disturbContainer === undefined) expect.unreachable();
          const id = await anImage('disturbed');
          const { events, first } = await follow();
          const container = await lab.createContainer(id, {});
          await lab.disturbContainer(container);
          await lab.removeContainer(container);
          await first(`container destroy ${container}`);
          const own = events.filter((event) => event.kind === 'container');
          expect(own.map((event) => event.action)).toEqual(['create', 'start', 'die', 'destroy']);
          await removeImage(id);
        },
      );
    });

    describe('an image', () => {
      test('that is loaded, tagged, loses a name and is deleted is told of', async () => {
        const { first } = await follow();
        const id = await anImage('coming');
        await first('image load');
        await engine.tag(id, 'ghcr.io/team/coming:2' as TagName);
        expect(await first(`image tag ${id}`)).toMatchObject({ name: 'ghcr.io/team/coming:2' });
        await engine.remove('ghcr.io/team/coming:2' as TagName);
        await first(`image untag ${id}`);
        await removeImage(id);
        await first(`image delete ${id}`);
        expect(await engine.find(id)).toBeUndefined();
      });

      test.for(['tag', 'digest'] as const)(
        'that is pulled by %s is told of by what was asked for',
        async (by) => {
          const { first } = await follow();
          const { id, digest } = await lab.pullOffered(by);
          const pulled = await first(`image pull ${by === 'tag' ? 'quay.io/sideband/offered:1' : digest}`);
          if (pulled.kind !== 'image') expect.unreachable();
          expect((await engine.find(pulled.image))?.id).toBe(id);
          await removeImage(id);
        },
      );

      testWith('importImage', 'that is imported is told of', async () => {
        if (lab.importImage === undefined) expect.unreachable();
        const { first } = await follow();
        const id = await lab.importImage('ghcr.io/team/imported:1');
        await first(`image import ${id}`);
        await removeImage(id);
      });
    });

    describe('finding an image', () => {
      test('works by every name it has, in every spelling, and by its id', async () => {
        const id = await anImage('found');
        await engine.tag(id, 'docker.io/library/found:2' as TagName);
        const tags = ['docker.io/library/found:2', nameOf('found')];
        for (const spelling of ['found:2', 'docker.io/found:2', ...tags, id, id.slice('sha256:'.length)]) {
          expect(await engine.find(spelling)).toMatchObject({ id, tags });
        }
        await removeImage(id);
        for (const spelling of ['found:2', ...tags, id]) expect(await engine.find(spelling)).toBeUndefined();
      });

      test('works by digest', async () => {
        const { id, digest } = await lab.pullOffered('digest');
        expect(await engine.find(digest)).toEqual({ id, tags: [], digests: [digest] });
        await removeImage(id);
      });

      test.each(['nobody:1', 'NO NAME', '', '../../containers', 'a//b', `x@sha256:${'0'.repeat(64)}`])(
        'gives nothing for %j',
        async (spelling) => expect(await engine.find(spelling)).toBeUndefined(),
      );
    });

    describe('following', () => {
      test('without a position begins with what happens then', async () => {
        const id = await anImage('before');
        const early = await follow();
        const container = await lab.createContainer(id, {});
        const { at } = await early.first(`container create ${container}`);
        await early.stop();
        await until('the clock to have moved on', async () => Date.now() > at + 2);

        const late = await follow();
        await lab.removeContainer(container);
        await late.first(`container destroy ${container}`);

        expect(late.events.map((event) => event.action)).not.toContain('create');
        await removeImage(id);
      });

      test('from a position gives what happened meanwhile, and goes on', async () => {
        const id = await anImage('meanwhile');
        const early = await follow();
        const staying = await lab.createContainer(id, {});
        const { position } = await early.first(`container create ${staying}`);
        await early.stop();
        const meanwhile = await lab.createContainer(id, RUNNER_LABELS);
        await lab.removeContainer(meanwhile);

        const late = await follow(position);
        expect(await late.first(`container create ${meanwhile}`)).toMatchObject({ labels: RUNNER_LABELS });
        await late.first(`container destroy ${meanwhile}`);
        await lab.removeContainer(staying);
        await late.first(`container destroy ${staying}`);
        await removeImage(id);
      });

      test('again and again from the last position loses nothing on the way', async () => {
        const id = await anImage('again');
        let part = await follow();
        const made = [await lab.createContainer(id, {})];
        let { position } = await part.first('container create');
        const parts = [part];
        for (let round = 0; round < 12; round += 1) {
          const making = lab.createContainer(id, {});
          await part.stop();
          position = part.events.at(-1)?.position ?? position;
          part = await follow(position);
          parts.push(part);
          made.push(await making);
        }
        const isTold = (container: string): boolean =>
          parts.some(({ events }) =>
            events.some((event) => event.kind === 'container' && event.container === container),
          );
        await until('all containers to be told of', async () => made.every(isTold));
        expect(new Set(made).size).toBe(13);
        for (const container of made) await lab.removeContainer(container);
        await removeImage(id);
      });

      test('resolves when it is aborted, also before it began', async () => {
        const begun = await follow();
        await expect(begun.stop()).resolves.toBeUndefined();
        const unwanted = (): void => expect.unreachable('aborted before it began');
        const stream = { since: undefined, onOpen: unwanted, onEvent: unwanted };
        await expect(engine.follow({ ...stream, signal: AbortSignal.abort() })).resolves.toBeUndefined();
      });

      test('throws when the engine ends, and begins anew when it is back', async () => {
        const begun = await follow();
        const ending = expect(begun.ended).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
        await lab.stopEngine();
        await ending;
        await expect(follow()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
        await expect(engine.find('nobody:1')).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
        await lab.startEngine();
        const { first } = await follow();
        const id = await anImage('after-restart');
        await first('image load');
        await removeImage(id);
      });
    });
  });
}
