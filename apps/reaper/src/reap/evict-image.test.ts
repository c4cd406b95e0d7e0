import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SidebandError } from '@sideband/shared/errors';
import type { Identity } from '@sideband/shared/evidence/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryEngine, type MemoryEngine } from '../engine/memory-engine.ts';
import type { Engine, ImageId, RemoveOutcome } from '../engine/port.ts';
import { evictImage } from './evict-image.ts';
import { createNamesNote, type NamesNote, restoreNames } from './names-note.ts';

const LAYERS = [{ chain: 'sha256:a', bytes: 10 }];
const DIGEST = `docker.io/library/ruby@sha256:${'d'.repeat(64)}`;

let state: string;
let remembered: [ImageId, readonly Identity[]][];
let note: NamesNote;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sideband-note-'));
  remembered = [];
  note = createNamesNote(state, async (image, digests) => void remembered.push([image, digests]));
});

afterEach(() => rm(state, { recursive: true }));

/** An engine that answers its removals with these outcomes first, in order; undefined lets one through. */
function engineAnswering(
  answers: (RemoveOutcome | undefined)[],
  onRemove?: (engine: MemoryEngine) => void,
): MemoryEngine {
  const engine: MemoryEngine = createMemoryEngine({
    beforeRemove: () => {
      onRemove?.(engine);
      return answers.shift();
    },
  });
  return engine;
}

const FULL: RemoveOutcome = { kind: 'failed', message: 'no space left on device' };

describe('an image with one name', () => {
  it('goes by id with its digest', async () => {
    const engine = engineAnswering([]);
    const image = engine.addImage({ tags: ['ruby:3.3'], digests: [DIGEST], layers: LAYERS, arrivedAt: 1 });

    expect(await evictImage(engine, image, note)).toEqual({ kind: 'evicted' });
    expect(await engine.images()).toEqual([]);
  });

  it('goes where each deletion fails and takes one of its names away all the same', async () => {
    const engine = engineAnswering([]);
    const image = engine.addImage({ tags: ['ruby:3.3'], digests: [DIGEST], layers: LAYERS, arrivedAt: 1 });
    let left = 2;
    const full: Engine = {
      ...engine,
      names: async (id) => {
        const names = await engine.names(id);
        return names && { tags: left > 1 ? names.tags : [], digests: left > 0 ? names.digests : [] };
      },
      remove: async (target) => {
        left -= 1;
        return left >= 0 ? FULL : await engine.remove(target);
      },
    };
    expect(await evictImage(full, image, note)).toEqual({ kind: 'evicted' });
    expect(await engine.images()).toEqual([]);
  });

  it.each([
    ['a digest only', { digests: [DIGEST] }],
    ['no name at all', {}],
  ])('goes with %s', async (_, names) => {
    const engine = engineAnswering([]);
    const image = engine.addImage({ ...names, layers: LAYERS, arrivedAt: 1 });
    expect(await evictImage(engine, image, note)).toEqual({ kind: 'evicted' });
    expect(await engine.images()).toEqual([]);
  });

  it('stays whole when a container appears at the very moment of its deletion', async () => {
    const engine = engineAnswering([], (it) => it.addContainer({ image }));
    const image = engine.addImage({ tags: ['ruby:3.3'], digests: [DIGEST], layers: LAYERS, arrivedAt: 1 });

    expect(await evictImage(engine, image, note)).toEqual({ kind: 'in-use' });
    expect(await engine.names(image)).toEqual({ tags: ['docker.io/library/ruby:3.3'], digests: [DIGEST] });
  });

  it('counts as evicted when somebody else was faster', async () => {
    const engine = engineAnswering([{ kind: 'absent' }]);
    const image = engine.addImage({ tags: ['ruby:3.3'], layers: LAYERS, arrivedAt: 1 });
    expect(await evictImage(engine, image, note)).toEqual({ kind: 'evicted' });
    expect(await evictImage(engine, 'sha256:gone' as ImageId, note)).toEqual({ kind: 'evicted' });
  });

  it('is tried once more when the engine could not write on a full disk, and no third time', async () => {
    const once = engineAnswering([FULL]);
    const first = once.addImage({ tags: ['ruby:3.3'], layers: LAYERS, arrivedAt: 1 });
    expect(await evictImage(once, first, note)).toEqual({ kind: 'evicted' });

    const twice = engineAnswering([FULL, FULL]);
    const second = twice.addImage({ tags: ['ruby:3.3'], layers: LAYERS, arrivedAt: 1 });
    expect(await evictImage(twice, second, note)).toEqual(FULL);
    expect(await twice.images()).toHaveLength(1);
  });
});

describe('an image with several names', () => {
  const tags = ['ruby:3', 'ruby:3.3', 'registry.example.com/mirror/ruby:3.3'];
  const canonical = [
    'docker.io/library/ruby:3',
    'docker.io/library/ruby:3.3',
    'registry.example.com/mirror/ruby:3.3',
  ];

  it('goes name by name and leaves no note', async () => {
    const engine = engineAnswering([]);
    const image = engine.addImage({ tags, digests: [DIGEST], layers: LAYERS, arrivedAt: 1 });

    expect(await evictImage(engine, image, note)).toEqual({ kind: 'evicted' });
    expect(await engine.images()).toEqual([]);
    expect(await readdir(state)).toEqual([]);
  });

  it('gets its names back when a container appears half-way, and its lost digest is remembered', async () => {
    let removals = 0;
    const engine = engineAnswering([], (it) => {
      removals += 1;
      if (removals === 3) it.addContainer({ image });
    });
    const image = engine.addImage({ tags, digests: [DIGEST], layers: LAYERS, arrivedAt: 1 });

    expect(await evictImage(engine, image, note)).toEqual({ kind: 'in-use' });
    expect((await engine.names(image))?.tags).toEqual(canonical);
    expect(remembered).toEqual([[image, [DIGEST]]]);
    expect(await readdir(state)).toEqual([]);
  });

  it('gets them back after a crash', async () => {
    let removals = 0;
    const engine = engineAnswering([], (it) => {
      removals += 1;
      if (removals === 3) it.stop();
    });
    const image = engine.addImage({ tags, layers: LAYERS, arrivedAt: 1 });
    // The engine goes away between two names; what the killed process had written down is still there.
    const crashing = evictImage({ ...engine, remove: killedAfter(engine, 1) }, image, note);
    await expect(crashing).rejects.toThrow('killed');
    expect((await engine.names(image))?.tags).toHaveLength(2);

    const afterRestart = createNamesNote(state, async () => undefined);
    await restoreNames(afterRestart, engine);
    expect((await engine.names(image))?.tags).toEqual(canonical);
    expect(await readdir(state)).toEqual([]);
  });

  it('keeps every name when they could not be written down first', async () => {
    const engine = engineAnswering([]);
    const image = engine.addImage({ tags, layers: LAYERS, arrivedAt: 1 });
    const nowhere = createNamesNote(join(state, 'missing'), async () => undefined);

    expect(await evictImage(engine, image, nowhere)).toMatchObject({ kind: 'failed' });
    expect((await engine.names(image))?.tags).toEqual(canonical);
  });
});

describe('a name that another image was pulled under meanwhile', () => {
  const tags = ['ruby:3', 'ruby:3.3', 'ruby:3.3.1'];
  const canonical = tags.map((tag) => `docker.io/library/${tag}`);
  const pullNew = (engine: MemoryEngine, tag: string): ImageId =>
    engine.addImage({ tags: [tag], layers: [{ chain: 'sha256:new', bytes: 1 }], arrivedAt: 2 });

  it('is not taken away from it', async () => {
    const pulled: ImageId[] = [];
    const engine = engineAnswering([], (it) => {
      if (pulled.length === 0) pulled.push(pullNew(it, 'ruby:3.3'));
    });
    const old = engine.addImage({ tags, layers: LAYERS, arrivedAt: 1 });

    expect(await evictImage(engine, old, note)).toEqual({ kind: 'evicted' });
    expect((await engine.images()).map(({ id, tags: left }) => [id, left])).toEqual([
      [pulled[0], [canonical[1]]],
    ]);
  });

  it('is not given back to the old one', async () => {
    const engine = engineAnswering([]);
    const old = engine.addImage({ tags, layers: LAYERS, arrivedAt: 1 });
    await expect(evictImage({ ...engine, remove: killedAfter(engine, 1) }, old, note)).rejects.toThrow(
      'killed',
    );
    const fresh = pullNew(engine, 'ruby:3');

    expect(
      await restoreNames(
        createNamesNote(state, async () => undefined),
        engine,
      ),
    ).toBe(true);
    expect((await engine.names(fresh))?.tags).toEqual([canonical[0]]);
    expect((await engine.names(old))?.tags).toEqual(canonical.slice(1));
  });
});

it('keeps the note where the engine cannot give a name back, and takes no further names until it can', async () => {
  const engine = engineAnswering([undefined, FULL, FULL, FULL]);
  const image = engine.addImage({ tags: ['a:1', 'a:2'], layers: LAYERS, arrivedAt: 1 });
  const other = engine.addImage({ tags: ['b:1', 'b:2'], layers: [{ chain: 'b', bytes: 1 }], arrivedAt: 1 });
  const full: MemoryEngine = {
    ...engine,
    tag: () => Promise.reject(new SidebandError('ENGINE_FAILED', { reason: 'no space left on device' })),
  };
  expect(await evictImage(full, image, note)).toMatchObject({ kind: 'failed' });
  expect(await evictImage(full, other, note)).toMatchObject({ kind: 'failed' });
  expect((await engine.names(other))?.tags).toHaveLength(2);

  expect(await restoreNames(note, engine)).toBe(true);
  expect((await engine.names(image))?.tags).toHaveLength(2);
  expect(await readdir(state)).toEqual([]);
});

function killedAfter(engine: MemoryEngine, removals: number): MemoryEngine['remove'] {
  let done = 0;
  return async (target) => {
    if (done >= removals) throw new Error('killed');
    done += 1;
    return await engine.remove(target);
  };
}
