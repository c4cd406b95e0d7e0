import { describe, expect, test } from 'vitest';
import { predict, type Verdict } from '../demo/verdict.ts';
import { loadWeek } from '../demo/week/load-week.ts';
import { leftIn, NOTHING_LEFT } from '../testkit/left-in.ts';
import { whyNoSandbox } from '../testkit/sandbox.ts';
import { skipBecause } from '../testkit/skip.ts';
import { temporaryDirectory } from '../testkit/temporary-directory.ts';
import { runStart } from './demonstration-run.ts';

const week = await loadWeek();
const CLEAN = { inUseViolations: 0, jobsFailed: 0, usesMissed: 0, right: true, problems: [] };

/** The last line of stdout; the run itself must have ended with 0. */
async function runOnce(...args: string[]): Promise<Verdict> {
  const directory = await temporaryDirectory('once');
  const run = runStart(['--once', '--json', '--directory', directory.path, ...args]);
  const code = await run.ended;
  expect(`${code}${code === 0 ? '' : run.stderr()}`).toBe('0');
  expect(await leftIn(directory.path)).toEqual(NOTHING_LEFT);
  await directory.remove();
  return JSON.parse(run.stdout().trimEnd().split('\n').at(-1) ?? '') as Verdict;
}

skipBecause(whyNoSandbox()).describe('the week on a real engine', () => {
  test('at a budget of 600 MB is pulled and evicted exactly as true LRU foretells', async () => {
    const verdict = await runOnce();
    const { lru } = predict(week, 600_000_000);

    expect(verdict).toMatchObject({
      ...CLEAN,
      jobs: 2_679,
      exact: true,
      engine: expect.stringMatching(/^docker /),
    });
    expect(verdict.sequence).toEqual(lru.sequence);
    expect(verdict).toMatchObject({ repulls: 82, bytesPulled: 2_421_024_541, bytesRepulled: 1_577_702_326 });
    expect(verdict.predicted?.pullTime).toEqual({ repulls: 105, bytesRepulled: 1_837_985_336 });
  });

  // The disk is full from the third day on; five of them take two thirds of the time of the whole week.
  test('lets no pull fail where the disk itself is the limit', async () => {
    const verdict = await runOnce('--disk', '--days', '5');
    expect(verdict).toMatchObject({ ...CLEAN, pullsWithoutSpace: 0 });
    expect(verdict.evictions).toBeGreaterThan(0);
  });

  test('recovers every pull that meets a full disk', async () => {
    const verdict = await runOnce('--disk', '--tight', '--days', '5');
    expect(verdict).toMatchObject(CLEAN);
    expect(verdict.pullsWithoutSpace).toBeGreaterThan(0);
    expect(verdict.pullsRecovered).toBe(verdict.pullsWithoutSpace);
  });
});

describe('the week on an in-memory engine', () => {
  test('says what it is, and is foretold as exactly, at 800 MB', async () => {
    const verdict = await runOnce('--budget', '800MB', '--engine', 'memory');
    expect(verdict).toMatchObject({ ...CLEAN, exact: true, engine: 'in-memory', repulls: 25 });
    expect(verdict.sequence).toEqual(predict(week, 800_000_000).lru.sequence);
  });

  test('costs no re-pull more when Redis loses all it has in the middle of it', async () => {
    const verdict = await runOnce('--empty-redis', '--engine', 'memory');
    expect(verdict).toMatchObject({ ...CLEAN, exact: true, repulls: 82 });
    expect(verdict.sequence).toEqual(predict(week, 600_000_000).lru.sequence);
  });
});
