import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import type { Millis } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineImage } from '../engine/port.ts';
import { anImage } from '../plan/snapshot.suite.ts';
import { openMemoryOfImages } from './memory-of-images.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 6, 1);
let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('memory-of-images');
});
afterEach(() => directory.remove());

const open = () => openMemoryOfImages(directory.path, silentLog());
const at = (time: number): Millis => time as Millis;

function image(letter: string, arrivedAt: number, arrivalSource: EngineImage['arrivalSource']): EngineImage {
  return anImage(letter, {}, { arrivedAt: at(arrivedAt), arrivalSource });
}

test('at the very first look an image counts from its arrival, later ones from when they are seen', async () => {
  const old = image('a', NOW - 90 * DAY, 'record');
  const late = image('b', NOW - 80 * DAY, 'created');
  const memory = await open();
  await memory.meet([old], at(NOW));
  await memory.meet([old, late], at(NOW + DAY));
  expect([...memory.firstSeen()]).toEqual([
    [old.id, NOW - 90 * DAY],
    [late.id, NOW + DAY],
  ]);
  expect([...(await open()).firstSeen()]).toEqual([...memory.firstSeen()]);
});

test.each([0, Date.UTC(1980, 0, 1)])(
  'a build date of %i is none: it ranks no image as never used',
  async (date) => {
    const memory = await open();
    const made = image('a', date, 'created');
    const tagged = image('b', date, 'tagged');
    await memory.meet([made, tagged], at(NOW));
    expect(memory.firstSeen().get(made.id)).toBe(NOW);
    expect(memory.firstSeen().get(tagged.id)).toBe(date);
  },
);

test('what went and came again has come anew', async () => {
  const memory = await open();
  const one = image('a', NOW - 9 * DAY, 'record');
  await memory.meet([one], at(NOW));
  memory.forget(one.id);
  await memory.meet([one], at(NOW + DAY));
  expect(memory.firstSeen().get(one.id)).toBe(NOW + DAY);
});

test('a file that cannot be read counts as none', async () => {
  await writeFile(join(directory.path, 'images.json'), '{"version":9');
  const memory = await open();
  const one = image('a', NOW - 9 * DAY, 'record');
  await memory.meet([one], at(NOW));
  expect(memory.firstSeen().get(one.id)).toBe(NOW - 9 * DAY);
  expect(JSON.parse(await readFile(join(directory.path, 'images.json'), 'utf8'))).toMatchObject({
    version: 1,
  });
});
