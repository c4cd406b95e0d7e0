import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { silentLog } from '@sideband/shared/log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryEngine } from './engine/memory-engine.ts';
import type { ImageId } from './engine/port.ts';
import { createEnginePlace } from './engine-place.ts';

let root: TemporaryDirectory;

beforeEach(async () => {
  root = await temporaryDirectory('engine-place');
});
afterEach(() => root.remove());

/** An engine with three images, and a data root in which Docker has recorded these. */
async function placeWith(recorded: (own: readonly ImageId[]) => readonly string[]) {
  const engine = createMemoryEngine();
  const own = ['a', 'b', 'c'].map((name) =>
    engine.addImage({ tags: [`${name}:1`], layers: [{ chain: name, bytes: 1 }], arrivedAt: 1 }),
  );
  const records = join(root.path, 'image', 'overlay2', 'imagedb', 'content', 'sha256');
  await mkdir(records, { recursive: true });
  for (const id of recorded(own)) await writeFile(join(records, id.slice('sha256:'.length)), '{}');
  return createEnginePlace({ inventory: engine, roots: [root.path], log: silentLog() });
}

test('an engine whose images are recorded on the measured disk is here', async () => {
  const place = await placeWith((own) => own);
  expect(await place.isHere()).toBe(true);
  expect(place.isElsewhere()).toBe(false);
});

test('an engine reached through a forwarded socket is elsewhere: its images are not on this disk, others are', async () => {
  const place = await placeWith(() => [`sha256:${'f'.repeat(64)}`]);
  expect(await place.isHere()).toBe(false);
  expect(place.isElsewhere()).toBe(true);
});

test('where nothing can be looked up, nothing is held against the engine', async () => {
  const engine = createMemoryEngine();
  const parts = { inventory: engine, roots: [join(root.path, 'not-there')], log: silentLog() };
  expect(await createEnginePlace(parts).isHere()).toBe(true);
});
