import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageMissing, PullFailed, type RunnerEngine } from './engine.ts';

/** An engine whose registry offers `offered` and nothing else. */
export interface EngineUnderTest {
  readonly engine: RunnerEngine;
  readonly offered: string;
  /** An image that is offered and does not fit on the disk. */
  readonly tooLarge: string;
  /** The labels and the image's id of all containers. */
  containers(): Promise<
    readonly { readonly image: string; readonly labels: Readonly<Record<string, string>> }[]
  >;
  /** Removes an image as a reaper would, by its id. */
  evict(imageId: string): Promise<void>;
  close(): Promise<void>;
}

export function describeRunnerEngine(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(name, () => {
    let under: EngineUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.close());

    async function pulled(): Promise<{ id: string; digest: string }> {
      await under.engine.pull(under.offered);
      const image = await under.engine.find(under.offered);
      if (image?.digest === undefined) throw new Error('A pulled image has a digest');
      return { id: image.id, digest: image.digest };
    }

    it('finds an image once it is pulled, by name, by id and by digest', async () => {
      expect(await under.engine.find(under.offered)).toBeUndefined();
      const { id, digest } = await pulled();
      expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(digest).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect((await under.engine.find(id))?.id).toBe(id);
      expect((await under.engine.find(digest))?.id).toBe(id);
    });

    it('says that a pull failed, and whether for want of space', async () => {
      const unknown = await failure(under.engine.pull('registry.test/none/such:1'));
      expect([unknown instanceof PullFailed, unknown]).toMatchObject([true, { noSpace: false }]);
      const large = await failure(under.engine.pull(under.tooLarge));
      expect([large instanceof PullFailed, large]).toMatchObject([true, { noSpace: true }]);
      expect(await under.engine.find(under.tooLarge)).toBeUndefined();
    });

    it('creates a container by id or by digest, with its labels, and removes it even twice', async () => {
      const { id, digest } = await pulled();
      const one = await under.engine.create({ imageId: id, name: 'by-id', labels: { made: 'by id' } });
      const two = await under.engine.create({
        imageId: id,
        reference: digest,
        name: 'by-digest',
        labels: { made: 'by digest' },
      });
      await under.engine.start(two);
      const containers = await under.containers();
      expect(containers.map(({ image }) => image)).toEqual([id, id]);
      expect(containers.map(({ labels }) => labels['made']).sort()).toEqual(['by digest', 'by id']);
      for (const container of [one, two, one]) await under.engine.remove(container);
      expect(await under.containers()).toEqual([]);
    });

    it('says that the image of a container is gone', async () => {
      const { id, digest } = await pulled();
      await under.evict(id);
      for (const reference of [id, digest]) {
        const missing = await failure(
          under.engine.create({ imageId: id, reference, name: 'late', labels: {} }),
        );
        expect(missing).toBeInstanceOf(ImageMissing);
      }
      expect(await under.containers()).toEqual([]);
    });
  });
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
