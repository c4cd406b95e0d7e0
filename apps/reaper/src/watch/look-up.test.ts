import { afterEach, describe, expect, it } from 'vitest';
import type { ImageId, TagName } from '../engine/port.ts';
import { addImage, aWatch, HOUR, MINUTE, NOW, type WatchLab } from './watch-lab.suite.ts';

let lab: WatchLab | undefined;

afterEach(async () => {
  await lab?.watch.stop();
  lab = undefined;
});

async function watching(...more: Parameters<typeof aWatch>): Promise<WatchLab> {
  lab = await aWatch(...more);
  return lab;
}

describe('the origin of an image', () => {
  it('is a pull, of which the id and the digests tell and the tag does not', async () => {
    const { engine, news } = await watching();
    const digest = `docker.io/library/ruby@sha256:${'a'.repeat(64)}`;
    const id = engine.addImage({
      tags: ['ruby:3.3'],
      digests: [digest],
      layers: [],
      arrivedAt: NOW,
      by: 'pull',
    });
    const { pulled, builtHere, uses } = await news();
    expect([pulled, builtHere]).toEqual([[id, digest], []]);
    expect(uses).toMatchObject([
      { role: 'image', job: undefined, pulled: true, identities: [id, digest, 'docker.io/library/ruby:3.3'] },
    ]);
  });

  it('is not proven by a pull where the engine also tells of those that failed', async () => {
    const { engine, news } = await watching({ tellsOnlyGoodPulls: false });
    const id = addImage(engine, 'ruby:3.3', 'pull');
    const { pulled, uses } = await news();
    expect(pulled).toEqual([]);
    expect(uses).toMatchObject([{ role: 'image', identities: [id, 'docker.io/library/ruby:3.3'] }]);
    expect(uses[0]).not.toHaveProperty('pulled');
  });

  it('is proven there too where the image came with the pull', async () => {
    const { engine, watch, news } = await watching({ tellsOnlyGoodPulls: false });
    await watch.inventory.images();
    const digest = `docker.io/library/ruby@sha256:${'d'.repeat(64)}`;
    const id = engine.addImage({
      ...{ tags: ['ruby:3.3'], digests: [digest], layers: [], arrivedAt: NOW, by: 'pull' },
    });
    expect((await news()).pulled).toEqual([id, digest]);
  });

  it('is not proven for what was built under the name of what was pulled before that was looked up', async () => {
    const { engine, news } = await watching();
    addImage(engine, 'ruby:3.3', 'pull');
    const built = addImage(engine, 'ruby:3.3', 'build');
    const { pulled } = await news();
    expect(pulled).not.toContain(built);
  });

  it('is this host, if it was loaded', async () => {
    const { engine, news } = await watching();
    const id = addImage(engine, 'loaded:1');
    expect((await news()).builtHere).toEqual([id]);
  });

  it('is this host, if it was not here before and then had a tag', async () => {
    const { engine, watch, news } = await watching();
    await watch.inventory.images();
    const id = addImage(engine, 'built:1', 'build');
    expect((await news()).builtHere).toEqual([id]);
  });

  it('is not told by a tag on an image that was here before, or of which that is not known', async () => {
    const { engine, watch, news } = await watching({ before: (it) => void addImage(it, 'old:1') });
    const unknown = addImage(engine, 'unlisted:1', 'build');
    await watch.inventory.images();
    const old = (await engine.find('old:1'))?.id as ImageId;
    await engine.tag(old, 'docker.io/library/old:2' as TagName);
    const { builtHere, uses } = await news();
    expect(builtHere).toEqual([]);
    expect(uses.map(({ identities }) => identities[0])).toEqual([unknown, old]);
  });

  it('is not told by a tag after a gap, until the images have been listed again', async () => {
    const { engine, watch, time, news } = await watching();
    await watch.inventory.images();
    engine.stop();
    await time.pass(0);
    engine.start();
    await time.pass(MINUTE);
    addImage(engine, 'built:1', 'build');
    expect((await news()).builtHere).toEqual([]);
  });

  it('and its end are never told of in one breath', async () => {
    const { engine, batches, watch } = await watching();
    const id = addImage(engine, 'gone:1');
    await watch.settled();
    await engine.remove(id);
    addImage(engine, 'other:1');
    engine.addImage({ id, tags: ['gone:1'], layers: [], arrivedAt: NOW, by: 'load' });
    await watch.settled();
    for (const { deleted, builtHere } of batches) {
      expect(builtHere.filter((come) => (deleted as readonly string[]).includes(come))).toEqual([]);
    }
    expect(batches.at(-1)?.builtHere).toContain(id);
  });
});

describe('an image that is deleted', () => {
  it('is told of', async () => {
    const { engine, news } = await watching();
    const id = addImage(engine, 'gone:1');
    await news();
    await engine.remove(id);
    expect(await news()).toMatchObject({ deleted: [id], uses: [] });
  });

  it('and is gone before its container is looked up counts under what the event says', async () => {
    const { engine, news } = await watching();
    const id = addImage(engine, 'gone:1');
    const digest = `ghcr.io/team/gone@sha256:${'b'.repeat(64)}`;
    // What its name meant is forgotten with any other image's event.
    addImage(engine, 'other:1');
    await news();
    for (const createdBy of [id, digest, 'gone:1']) {
      engine.removeContainer(engine.addContainer({ image: id, createdBy, labels: { createdBy } }));
    }
    await engine.remove(id);
    const { uses } = await news();
    const identities = uses.map((use) => use.identities);
    expect(identities).toContainEqual([id]);
    expect(identities).toContainEqual([digest]);
    expect(identities).toContainEqual(['docker.io/library/gone:1']);
  });
});

describe('a name that moves to another image', () => {
  it('leaves the uses of a container with the image that it has', async () => {
    const { engine, time, news } = await watching();
    const before = addImage(engine, 'ruby:3.3');
    const container = engine.addContainer({ image: before, createdBy: 'ruby:3.3' });
    await news();
    time.clock.advance(MINUTE);
    const after = addImage(engine, 'ruby:3.3', 'pull');
    await news();
    engine.removeContainer(container);

    const { uses } = await news();

    expect(uses).toMatchObject([{ role: 'container', identities: [before] }]);
    engine.addContainer({ image: after, createdBy: 'ruby:3.3' });
    expect((await news()).uses).toMatchObject([{ identities: [after, 'docker.io/library/ruby:3.3'] }]);
  });

  it('because the reaper gave it back is no use', async () => {
    const { engine, time, news, ownTags } = await watching();
    const id = addImage(engine, 'ruby:3.3');
    await news();
    const name = 'docker.io/library/ruby:3' as TagName;
    ownTags.expect(id, name);
    await engine.tag(id, name);
    expect((await news()).uses).toEqual([]);
    time.clock.advance(HOUR);
    await engine.tag(id, name);
    expect((await news()).uses).toMatchObject([{ role: 'image' }]);
  });
});
