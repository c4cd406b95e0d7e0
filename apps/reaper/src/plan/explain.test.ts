import type { Millis } from '@sideband/shared/clock';
import type { LastUse } from '@sideband/shared/evidence/model';
import { describe, expect, it } from 'vitest';
import { explain, explainFreshness } from './explain.ts';
import { plan } from './plan.ts';
import { aDisk, aLease, anImage, aPolicy, aSnapshot, aUse, imageId, MINUTE, NOW } from './snapshot.suite.ts';

function sentence(use: LastUse | undefined): string | undefined {
  const made = plan(aSnapshot([anImage('a', { a: 100 })], use ? { a: use } : {}), aPolicy(), NOW);
  return made.decisions.map((decision) => explain(decision, NOW))[0];
}

describe('an explanation', () => {
  const outside = { ...aUse(30), job: undefined, jobName: '', source: 'watch' } as const;

  it.each([
    [aUse(190, 12), 'last used 3h10m ago by job 12 of project 1, as its trace says'],
    [{ ...aUse(30, 12), source: 'watch' } as const, 'last used 30m ago by job 12 of project 1, as watch saw'],
    [
      { ...outside, role: 'container' } as const,
      'last used 30m ago by a container outside GitLab, as watch saw',
    ],
    [{ ...outside, role: 'build' } as const, 'last used 30m ago by a job that is not known, as watch saw'],
    [{ ...outside, role: 'image' } as const, 'pulled, tagged or loaded 30m ago, as watch saw'],
    [undefined, 'no use is known, it came 10h ago'],
  ])('says where the knowledge of a last use comes from: %#', (use, words) => {
    expect(sentence(use)).toBe(`It stays: there is room enough; ${words}.`);
  });

  it('says of an image that goes or stays that a waiting job will probably need it', () => {
    const images = [anImage('a', { a: 150 }), anImage('b', { b: 100 })];
    const leases = [aLease(imageId('a'), 'expected'), aLease(imageId('b'), 'expected')];
    const low = { filesystems: [aDisk(199)], leases };
    const made = plan(aSnapshot(images, { a: aUse(190), b: aUse(30) }, low), aPolicy(), NOW);
    const end = 'by job 1 of project 1, as its trace says; a job that waits will probably need it.';
    expect(made.decisions.map((decision) => explain(decision, NOW))).toEqual([
      `It goes, freeing 150 B: the disk is below its mark and nothing that may go is less likely to be missed; last used 3h10m ago ${end}`,
      `It stays: there is room enough; last used 30m ago ${end}`,
    ]);
  });

  it('says how far GitLab’s side reaches, and nothing where that is up to date', () => {
    const asOf = (NOW - 190 * MINUTE) as Millis;
    expect(explainFreshness({ kind: 'fresh', asOf }, NOW)).toBeUndefined();
    expect(explainFreshness({ kind: 'stale', asOf }, NOW)).toBe(
      'What GitLab knows ends 3h10m ago: uses since then are those that watch saw on this host.',
    );
    expect(explainFreshness({ kind: 'stale', asOf: undefined }, NOW)).toBe(
      'How far what GitLab knows reaches is not known.',
    );
    expect(explainFreshness({ kind: 'watch-only', asOf: undefined }, NOW)).toBe(
      'Nothing is known from GitLab: uses are those that watch saw on this host.',
    );
  });

  it('comes with a plan that says how fresh its evidence was', () => {
    const freshness = { kind: 'stale', asOf: (NOW - 190 * MINUTE) as Millis } as const;
    expect(plan(aSnapshot([], {}, { freshness }), aPolicy(), NOW).freshness).toEqual(freshness);
  });
});
