import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DigestName, Engine, EngineImage, ImageId, TagName } from './port.ts';

export interface LayerOfTest {
  readonly seed: string;
  readonly bytes: number;
}

/** An engine under test and the other side of it: whoever builds, pulls and runs there. */
export interface EngineLab {
  readonly engine: Engine;
  /** A local build, under tags in the short form people write. */
  makeImage(options: {
    readonly names: readonly string[];
    readonly layers: readonly LayerOfTest[];
    readonly labels?: Readonly<Record<string, string>>;
  }): Promise<ImageId>;
  /** Pulls the one image that is offered, `quay.io/sideband/offered:1`, by its tag or by its digest. */
  pullOffered(by: 'tag' | 'digest'): Promise<{ readonly id: ImageId; readonly digest: DigestName }>;
  /** Builds on an image as the classic builder does, so that it has a parent. */
  makeChild(parent: ImageId, name: string): Promise<ImageId>;
  makeContainer(image: ImageId, state: 'created' | 'running' | 'exited'): Promise<string>;
  removeContainer(id: string): Promise<void>;
  close(): Promise<void>;
}

/** What every engine does. `open` is called once; the tests share its engine and clean up behind themselves. */
export function describeEngine(name: string, open: () => Promise<EngineLab>): void {
  describe(name, () => {
    let lab: EngineLab;
    let engine: Engine;

    beforeAll(async () => {
      lab = await open();
      engine = lab.engine;
    });
    afterAll(async () => await lab?.close());

    const image = async (id: ImageId): Promise<EngineImage | undefined> =>
      (await engine.images()).find((each) => each.id === id);

    describe('listing', () => {
      test('gives names in canonical form, labels, and layers that add up, base first', async () => {
        const layers = [
          { seed: 'list-base', bytes: 70_000 },
          { seed: 'list-top', bytes: 30_000 },
        ];
        const labels = { 'example.purpose': 'test' };
        const id = await lab.makeImage({ names: ['listed:1', 'ghcr.io/team/listed:2'], layers, labels });

        const found = await image(id);

        expect(found?.tags).toEqual(['docker.io/library/listed:1', 'ghcr.io/team/listed:2']);
        expect(found?.digests).toEqual([]);
        expect(found?.labels).toMatchObject(labels);
        expect(found?.parent).toBeUndefined();
        expect(found?.layers.map((layer) => layer.bytes)).toEqual([70_000, 30_000]);
        expect(found?.arrivalSource).toBe('record');
        expect(Math.abs((found?.arrivedAt ?? 0) - Date.now())).toBeLessThan(120_000);
        for (const tag of found?.tags ?? []) await engine.remove(tag);
      });

      test('gives shared layers the same chain, and equal layers on different bases different ones', async () => {
        const base = { seed: 'shared-base', bytes: 50_000 };
        const other = { seed: 'other-base', bytes: 40_000 };
        const top = { seed: 'shared-top', bytes: 20_000 };
        const a = await lab.makeImage({ names: ['chains-a:1'], layers: [base, top] });
        const b = await lab.makeImage({ names: ['chains-b:1'], layers: [base] });
        const c = await lab.makeImage({ names: ['chains-c:1'], layers: [other, top] });

        const [inA, inB, inC] = await Promise.all([image(a), image(b), image(c)]);

        expect(inA?.layers[0]).toEqual(inB?.layers[0]);
        expect(inA?.layers[1]?.bytes).toBe(inC?.layers[1]?.bytes);
        expect(inA?.layers[1]?.chain).not.toBe(inC?.layers[1]?.chain);
        for (const id of [a, b, c]) expect(await engine.remove(id)).toEqual({ kind: 'removed' });
      });

      test('shows a container in any state, with the id of its image', async () => {
        const id = await lab.makeImage({ names: ['states:1'], layers: [{ seed: 'states', bytes: 1_000 }] });
        for (const state of ['created', 'running', 'exited'] as const) {
          const container = await lab.makeContainer(id, state);
          const listed = (await engine.containers()).find((each) => each.id === container);
          expect(listed).toMatchObject({ image: id, state });
          await lab.removeContainer(container);
          expect((await engine.containers()).map((each) => each.id)).not.toContain(container);
        }
        expect(await engine.remove(id)).toEqual({ kind: 'removed' });
      });

      test('shows an image that was pulled by digest with that name alone', async () => {
        const { id, digest } = await lab.pullOffered('digest');
        expect(await image(id)).toMatchObject({ tags: [], digests: [digest] });
        expect(await engine.names(id)).toEqual({ tags: [], digests: [digest] });
        expect(await engine.remove(id)).toEqual({ kind: 'removed' });
        expect(await engine.names(id)).toBeUndefined();
      });

      test('shows an image whose tag moved away as one without a name', async () => {
        const old = await lab.makeImage({
          names: ['moved:1'],
          layers: [{ seed: 'moved-old', bytes: 1_000 }],
        });
        const now = await lab.makeImage({
          names: ['moved:1'],
          layers: [{ seed: 'moved-new', bytes: 1_000 }],
        });
        expect(await image(old)).toMatchObject({ tags: [], digests: [] });
        expect((await image(now))?.tags).toEqual(['docker.io/library/moved:1']);
        for (const id of [old, now]) expect(await engine.remove(id)).toEqual({ kind: 'removed' });
      });

      test('follows a tag that is added', async () => {
        const id = await lab.makeImage({ names: ['added:1'], layers: [{ seed: 'added', bytes: 1_000 }] });
        expect((await image(id))?.tags).toEqual(['docker.io/library/added:1']);
        await engine.tag(id, 'quay.io/added:2' as TagName);
        const tagged = await image(id);
        expect(tagged?.tags).toEqual(['docker.io/library/added:1', 'quay.io/added:2']);
        expect(tagged?.arrivalSource).toBe('tagged');
        for (const tag of tagged?.tags ?? []) await engine.remove(tag);
        expect(await image(id)).toBeUndefined();
      });
    });

    describe('removing', () => {
      test('by id takes an image with its one tag and its digest', async () => {
        const { id, digest } = await lab.pullOffered('tag');
        expect(await engine.names(id)).toEqual({ tags: ['quay.io/sideband/offered:1'], digests: [digest] });
        expect(await engine.remove(id)).toEqual({ kind: 'removed' });
        expect(await image(id)).toBeUndefined();
      });

      test('the last tag of a repository takes the digest along, and putting it back brings the tag only', async () => {
        const { id, digest } = await lab.pullOffered('tag');
        await engine.tag(id, 'elsewhere.example/kept:1' as TagName);
        expect(await engine.remove('quay.io/sideband/offered:1' as TagName)).toEqual({ kind: 'untagged' });
        expect(await engine.names(id)).toEqual({ tags: ['elsewhere.example/kept:1'], digests: [] });

        await engine.tag(id, 'quay.io/sideband/offered:1' as TagName);

        expect((await engine.names(id))?.tags).toContain('quay.io/sideband/offered:1');
        expect((await engine.names(id))?.digests).not.toContain(digest);
        expect(await engine.remove('quay.io/sideband/offered:1' as TagName)).toEqual({ kind: 'untagged' });
        expect(await engine.remove('elsewhere.example/kept:1' as TagName)).toEqual({ kind: 'removed' });
      });

      test('the digest alone leaves the tag', async () => {
        const { id, digest } = await lab.pullOffered('tag');
        expect(await engine.remove(digest)).toEqual({ kind: 'untagged' });
        expect(await engine.names(id)).toEqual({ tags: ['quay.io/sideband/offered:1'], digests: [] });
        expect(await engine.remove(id)).toEqual({ kind: 'removed' });
      });

      test.each([
        ['two repositories', ['several-a:1', 'several-b:1']],
        ['two tags in one repository', ['several-c:1', 'several-c:2']],
      ])('by id is refused for %s, and goes name by name', async (_, names) => {
        const id = await lab.makeImage({ names, layers: [{ seed: names.join(), bytes: 1_000 }] });
        const [first, second] = names.map((name) => `docker.io/library/${name}` as TagName);
        if (first === undefined || second === undefined) throw new Error('two names are needed');

        expect(await engine.remove(id)).toEqual({ kind: 'several-names' });
        expect((await engine.names(id))?.tags).toEqual([first, second]);
        expect(await engine.remove(first)).toEqual({ kind: 'untagged' });
        expect((await engine.names(id))?.tags).toEqual([second]);
        expect(await engine.remove(second)).toEqual({ kind: 'removed' });
      });

      test.each(['created', 'running', 'exited'] as const)(
        'is refused while a container is %s, by id and by its only tag, and takes nothing away',
        async (state) => {
          const layers = [{ seed: `used-${state}`, bytes: 1_000 }];
          const id = await lab.makeImage({ names: [`used-${state}:1`], layers });
          const tag = `docker.io/library/used-${state}:1` as TagName;
          const container = await lab.makeContainer(id, state);

          expect(await engine.remove(id)).toEqual({ kind: 'in-use' });
          expect(await engine.remove(tag)).toEqual({ kind: 'in-use' });
          expect(await engine.names(id)).toEqual({ tags: [tag], digests: [] });

          await lab.removeContainer(container);
          expect(await engine.remove(tag)).toEqual({ kind: 'removed' });
        },
      );

      test('name by name meets a container only at the last name; what went before can be put back', async () => {
        const layers = [{ seed: 'late', bytes: 1_000 }];
        const id = await lab.makeImage({ names: ['late-a:1', 'late-b:1'], layers });
        const [a, b] = ['docker.io/library/late-a:1', 'docker.io/library/late-b:1'] as [TagName, TagName];
        const container = await lab.makeContainer(id, 'created');

        expect(await engine.remove(a)).toEqual({ kind: 'untagged' });
        expect(await engine.remove(b)).toEqual({ kind: 'in-use' });
        await engine.tag(id, a);

        expect(await engine.names(id)).toEqual({ tags: [a, b], digests: [] });
        await lab.removeContainer(container);
        for (const tag of [a, b]) await engine.remove(tag);
        expect(await image(id)).toBeUndefined();
      });

      test('with several names by id is "in use" if the container runs, "several names" if it does not', async () => {
        const layers = [{ seed: 'several-used', bytes: 1_000 }];
        const id = await lab.makeImage({ names: ['several-used-a:1', 'several-used-b:1'], layers });
        const idle = await lab.makeContainer(id, 'created');
        expect(await engine.remove(id)).toEqual({ kind: 'several-names' });
        const running = await lab.makeContainer(id, 'running');
        expect(await engine.remove(id)).toEqual({ kind: 'in-use' });
        for (const container of [idle, running]) await lab.removeContainer(container);
        for (const tag of (await engine.names(id))?.tags ?? []) await engine.remove(tag);
        expect(await image(id)).toBeUndefined();
      });

      test('what is not there is absent, under an id and under a name', async () => {
        expect(await engine.remove(`sha256:${'0'.repeat(64)}` as ImageId)).toEqual({ kind: 'absent' });
        expect(await engine.remove('docker.io/library/nobody:1' as TagName)).toEqual({ kind: 'absent' });
        expect(await engine.names(`sha256:${'0'.repeat(64)}` as ImageId)).toBeUndefined();
      });

      test('a parent is refused as long as it has a child, and is not taken along with it', async () => {
        const parent = await lab.makeImage({
          names: ['parent:1'],
          layers: [{ seed: 'parent', bytes: 1_000 }],
        });
        const child = await lab.makeChild(parent, 'child:1');

        expect((await image(child))?.parent).toBe(parent);
        expect(await engine.remove(parent)).toEqual({ kind: 'in-use' });
        // By its only name it loses that name and stays.
        expect(await engine.remove('docker.io/library/parent:1' as TagName)).toEqual({ kind: 'untagged' });
        expect(await image(parent)).toMatchObject({ tags: [], digests: [] });

        expect(await engine.remove(child)).toEqual({ kind: 'removed' });
        expect(await image(parent)).toBeDefined();
        expect(await engine.remove(parent)).toEqual({ kind: 'removed' });
      });

      test('frees a shared layer only with the last image that has it', async () => {
        const base = { seed: 'freed-base', bytes: 60_000 };
        const a = await lab.makeImage({ names: ['freed-a:1'], layers: [base] });
        const b = await lab.makeImage({ names: ['freed-b:1'], layers: [base] });
        const chain = (await image(a))?.layers[0]?.chain;
        expect(await engine.remove(a)).toEqual({ kind: 'removed' });
        expect((await image(b))?.layers).toEqual([{ chain, bytes: 60_000 }]);
        expect(await engine.remove(b)).toEqual({ kind: 'removed' });
      });
    });

    test('tagging an image that is gone fails', async () => {
      const gone = `sha256:${'1'.repeat(64)}` as ImageId;
      await expect(engine.tag(gone, 'docker.io/library/nobody:1' as TagName)).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
      });
    });

    test('describes itself', async () => {
      const description = await engine.describe();
      expect(description.name).not.toBe('');
      expect(description.apiVersion).toMatch(/^\d+/);
      expect(description.imageRoots).toHaveLength(1);
    });
  });
}
