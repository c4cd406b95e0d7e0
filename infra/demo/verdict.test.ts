import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';
import { judge, predict, type Tally } from './verdict.ts';
import { loadWeek } from './week/load-week.ts';

const week = await loadWeek();
const options = parseOptions(['--once']);
const { lru } = predict(week, options.budgetBytes);
const RAN = { engine: 'docker 20.10.24', seconds: 100 };

const right: Tally = {
  jobs: 2_679,
  pulls: lru.pulls,
  repulls: lru.repulls,
  bytesPulled: lru.bytesPulled,
  bytesRepulled: lru.bytesRepulled,
  evictions: lru.sequence.length - lru.pulls,
  inUseViolations: 0,
  jobsFailed: 0,
  usesMissed: 0,
  pullsWithoutSpace: 0,
  pullsRecovered: 0,
  sequence: lru.sequence,
};

describe('judge', () => {
  it('finds the foretold run right, and says what was foretold', () => {
    const verdict = judge(week, options, right, RAN);
    expect(verdict).toMatchObject({ right: true, problems: [], exact: true });
    expect(verdict.predicted?.lru).toEqual({ repulls: 82, bytesRepulled: 1_577_702_326 });
    expect(verdict.predicted?.pullTime).toEqual({ repulls: 105, bytesRepulled: 1_837_985_336 });
  });

  const swapped = [...lru.sequence];
  [swapped[100], swapped[101]] = [lru.sequence[101] ?? ['pull', 0], lru.sequence[100] ?? ['pull', 0]];
  it.each<[string, Partial<Tally>]>([
    ['two steps in the wrong order', { sequence: swapped }],
    ['a step too few', { sequence: lru.sequence.slice(0, -1) }],
    ['a step too many', { sequence: [...lru.sequence, ['evict', 1]] }],
    ['a byte too much', { bytesPulled: lru.bytesPulled + 1 }],
    ['an image lost in use', { inUseViolations: 1 }],
    ['a failed job', { jobsFailed: 1 }],
    ['a missed use', { usesMissed: 1 }],
    ['a pull that was never made good', { pullsWithoutSpace: 1 }],
  ])('finds %s wrong', (_, wrong) => {
    const verdict = judge(week, options, { ...right, ...wrong }, RAN);
    expect(verdict.right).toBe(false);
    expect(verdict.problems).toHaveLength(1);
  });

  it('lets no pull fail on a full disk, and each be recovered on a tight one', () => {
    const failed = { ...right, pullsWithoutSpace: 2, pullsRecovered: 2 };
    expect(judge(week, parseOptions(['--once', '--disk']), failed, RAN).right).toBe(false);
    expect(judge(week, parseOptions(['--once', '--disk', '--tight']), failed, RAN).right).toBe(true);
    expect(judge(week, parseOptions(['--once', '--disk', '--tight']), right, RAN).right).toBe(false);
    const lost = { ...failed, pullsRecovered: 1 };
    expect(judge(week, parseOptions(['--once', '--disk', '--tight']), lost, RAN).right).toBe(false);
  });

  it('demands no exact order where pulls meet a full budget', () => {
    const tight = parseOptions(['--once', '--budget', '500MB']);
    expect(judge(week, tight, right, RAN)).toMatchObject({ exact: false, right: true });
  });
});
