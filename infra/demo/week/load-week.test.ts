import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../testkit/temporary-directory.ts';
import { loadWeek } from './load-week.ts';
import { simulate } from './simulate.ts';

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
const inMb = (bytes: number): number => Math.round(bytes / 1e5) / 10;

test('the week is whole', async () => {
  const week = await loadWeek();
  expect(week.events).toHaveLength(1037);
  expect(sum(week.events.map((event) => event.jobs))).toBe(2679);
  expect(week.events[0]).toEqual({ atSeconds: 1595, image: 619, jobs: 5 });
  expect(week.images.size).toBe(45);
  expect(week.images.get(29)).toEqual({ reference: 'alpine:latest', layers: [38] });
  expect(week.layerBytes.size).toBe(66);
  expect(Math.round(sum(week.layerBytes.values()) / 1e6)).toBe(843);
  expect(new Set(week.events.map((event) => event.image))).toEqual(new Set(week.images.keys()));
});

test.each(['lru', 'pull'] as const)(
  'evicting by %s costs what was predicted, for every capacity and mark',
  async (policy) => {
    const week = await loadWeek();
    const predicted = week.predicted.filter((prediction) => prediction.policy === policy);
    const simulated = predicted.map(({ capacityBytes, startShare, stopShare }) => {
      const rankBy = policy === 'lru' ? 'use' : 'pull';
      const cost = simulate(week, { capacityBytes, high: startShare, low: stopShare, rankBy });
      return {
        ...{ policy, capacityBytes, startShare, stopShare },
        pulledMb: inMb(cost.bytesPulled),
        repulledMb: inMb(cost.bytesRepulled),
        pulls: cost.pulls,
        repulls: cost.repulls,
        diskFullEvents: cost.fullBeforePull,
      };
    });
    expect(predicted).toHaveLength(6);
    expect(simulated).toEqual(predicted);
  },
);

describe('data that is not as it should be', () => {
  let temporary: TemporaryDirectory;
  beforeEach(async () => {
    temporary = await temporaryDirectory('week');
    await cp(join(import.meta.dirname, 'data'), temporary.path, { recursive: true });
  });
  afterEach(() => temporary.remove());

  test.each([
    ['events.csv', '1595,619,5', '1595,619', 'events.csv:2: expected 3 fields, got 2'],
    ['events.csv', '1595,619,5', '1595,619,-5', 'events.csv:2: jobs "-5" is no whole number'],
    ['events.csv', '1595,619,5', '1595,7,5', 'events.csv:2: image 7 is not in images.csv'],
    ['events.csv', '1595,619,5', '3700,619,5', 'events.csv:3: is earlier than the event before it'],
    ['events.csv', 't_rel', 't', 'events.csv:1: expected the columns t_rel,image,jobs'],
    ['events.csv', /\n$/, '', 'events.csv does not end with a line feed'],
    ['images.csv', '29,alpine:latest', '29,Alpine:latest', 'images.csv:4: '],
    ['images.csv', 'alpine:latest,38', 'alpine:latest,3x', 'images.csv:4: layer NaN has no size'],
    ['images.csv', '29,alpine', '1,alpine', 'images.csv:4: image 1 was there before'],
    ['layers.csv', '0,1000000', '0,', 'layers.csv:2: bytes is empty'],
    ['predicted.csv', 'lru', 'LRU', 'predicted.csv:2: policy LRU is none of lru, pull'],
  ])('%s with %s as %s is refused', async (name, old, changed, message) => {
    const file = join(temporary.path, name);
    await writeFile(file, (await readFile(file, 'utf8')).replace(old, changed));
    await expect(loadWeek(temporary.path)).rejects.toThrow(message);
  });
});
