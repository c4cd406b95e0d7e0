import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { silentLog } from '@sideband/shared/log';
import { beforeEach, expect, it } from 'vitest';
import type { ImageId, NamedImage } from '../engine/port.ts';
import { createImageNames, type ImageNames } from './image-names.ts';

const IMAGE: NamedImage = { id: `sha256:${'a'.repeat(64)}` as ImageId, tags: [], digests: [] };

let clock: ManualClock;
let asked: string[];
let listed: Map<ImageId, NamedImage>;
let names: ImageNames;
/** What the engine does with a question, by its name. */
let answers: Record<string, () => NamedImage | undefined>;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  asked = [];
  listed = new Map();
  answers = { ruby: () => IMAGE };
  names = createImageNames({
    find: async (name) => {
      asked.push(name);
      return answers[name]?.();
    },
    listed: (id) => listed.get(id),
    clock,
    log: silentLog(),
  });
});

function failing(afterMs: number): () => never {
  return () => {
    clock.advance(afterMs);
    throw new SidebandError('ENGINE_FAILED');
  };
}

it('asks once for a name until something happens to images, also for one that means nothing', async () => {
  const first = await Promise.all(['ruby', 'ruby', 'none'].map((name) => names.resolve(name)));
  expect(first).toEqual([IMAGE, IMAGE, 'gone']);
  await names.resolve('none');
  expect(asked).toEqual(['ruby', 'none']);
  names.forget();
  await names.resolve('ruby');
  expect(asked).toEqual(['ruby', 'none', 'ruby']);
});

it('asks for no id that is in the last list', async () => {
  listed.set(IMAGE.id, IMAGE);
  expect(await names.resolve(IMAGE.id)).toBe(IMAGE);
  expect(asked).toEqual([]);
});

it('remembers no answer that was on its way while something happened', async () => {
  const early = names.resolve('ruby');
  names.forget();
  await early;
  await names.resolve('ruby');
  expect(asked).toHaveLength(2);
});

it('goes on asking for others when one cannot be inspected', async () => {
  answers['damaged'] = failing(10);
  expect(await names.resolve('damaged')).toBe('unknown');
  expect(await names.resolve('ruby')).toBe(IMAGE);
  await names.resolve('damaged');
  expect(asked).toEqual(['damaged', 'ruby']);
});

it('asks nothing for a minute when the engine hangs', async () => {
  answers['slow'] = failing(60_000);
  expect(await names.resolve('slow')).toBe('unknown');
  expect(await names.resolve('ruby')).toBe('unknown');
  clock.advance(60_000);
  expect(await names.resolve('ruby')).toBe(IMAGE);
  expect(asked).toEqual(['slow', 'ruby']);
});

it('remembers 2,000 names', async () => {
  await names.resolve('ruby');
  for (let count = 0; count < 2_000; count += 1) await names.resolve(`other:${count}`);
  await names.resolve('other:1999');
  expect(asked).toHaveLength(2_001);
  await names.resolve('ruby');
  expect(asked).toHaveLength(2_002);
});
