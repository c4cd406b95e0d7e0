import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '@sideband/shared/evidence/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryEngine, type MemoryEngine } from '../engine/memory-engine.ts';
import type { ImageId, RemoveOutcome } from '../engine/port.ts';
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

function killedAfter(engine: MemoryEngine, removals: number): MemoryEngine['remove'] {
  let done = 0;
  return async (target) => {
    if (done >= removals) throw new Error('killed');
    done += 1;
    return await engine.remove(target);
  };
}
