import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { InstanceName, JobId, JobKey, ProjectId } from '@sideband/shared/names';
import { beforeEach, describe, expect, it } from 'vitest';
import type { JobLedger, LedgerBounds, UsedImage } from './ledger.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);
const BOUNDS: LedgerBounds = { lookBackMs: 7 * DAY, endedJobs: 5, imagesMs: 30 * DAY };
const gitlab = 'gitlab.example' as InstanceName;
const project = 7 as ProjectId;

const job = (id: number): JobKey => ({ instance: gitlab, project, job: id as JobId });
const ids = (...numbers: number[]): JobId[] => numbers as JobId[];
const at = (ms: number): Millis => ms as Millis;
const image = (name: string): UsedImage => ({ role: 'build', identities: [name as Identity] });

export function describeJobLedger(
  name: string,
  make: (clock: ManualClock, bounds: LedgerBounds) => Promise<JobLedger>,
): void {
  describe(`the job ledger ${name}`, () => {
    let clock: ManualClock;
    let ledger: JobLedger;

    beforeEach(async () => {
      clock = new ManualClock(NOW);
      ledger = await make(clock, BOUNDS);
    });

    it('knows ended jobs by instance and project, however often it is told', async () => {
      for (let time = 0; time < 2; time += 1) await ledger.markEnded(job(11), at(NOW - DAY));
      expect([...(await ledger.knownEnded(gitlab, project, ids(10, 11, 12)))]).toEqual([11]);
      expect(await ledger.knownEnded(gitlab, 8 as ProjectId, ids(11))).toEqual(new Set());
      expect(await ledger.knownEnded('other.example' as InstanceName, project, ids(11))).toEqual(new Set());
      expect(await ledger.knownEnded(gitlab, project, [])).toEqual(new Set());
    });

    it('forgets jobs that were created before the look-back', async () => {
      await ledger.markEnded(job(1), at(NOW - 8 * DAY));
      await ledger.markEnded(job(2), at(NOW - 6 * DAY));
      expect(await ledger.knownEnded(gitlab, project, ids(1, 2))).toEqual(new Set(ids(2)));
      clock.advance(2 * DAY);
      expect(await ledger.knownEnded(gitlab, project, ids(1, 2))).toEqual(new Set());
    });

    it('keeps the newest of too many, in whatever order they come', async () => {
      for (const id of [3, 9, 1, 7, 2, 8, 5, 6, 4]) await ledger.markEnded(job(id), at(NOW - DAY + id));
      const known = await ledger.knownEnded(gitlab, project, ids(1, 2, 3, 4, 5, 6, 7, 8, 9));
      expect([...known]).toEqual([5, 6, 7, 8, 9]);
    });

    it('remembers what the newest job of a name used, whichever comes last', async () => {
      await ledger.rememberImages(job(21), 'test: [a, b]', [image('new')], at(NOW - 10));
      await ledger.rememberImages(job(20), 'test: [a, b]', [image('old')], at(NOW - 20));
      expect(await ledger.imagesOf(gitlab, project, 'test: [a, b]')).toEqual([image('new')]);
      await ledger.rememberImages(job(22), 'test: [a, b]', [], at(NOW - 5));
      expect(await ledger.imagesOf(gitlab, project, 'test: [a, b]')).toEqual([]);
    });

    it('prefers the higher id of two jobs of one time', async () => {
      await ledger.rememberImages(job(21), 'test', [image('first')], at(NOW));
      await ledger.rememberImages(job(22), 'test', [image('second')], at(NOW));
      await ledger.rememberImages(job(21), 'test', [image('first')], at(NOW));
      expect(await ledger.imagesOf(gitlab, project, 'test')).toEqual([image('second')]);
    });

    it('tells names apart that differ in anything, and forgets a name after its time', async () => {
      await ledger.rememberImages(job(21), 'a b\n:{x}', [image('one')], at(NOW));
      expect(await ledger.imagesOf(gitlab, project, 'a b :{x}')).toBeUndefined();
      expect(await ledger.imagesOf(gitlab, 8 as ProjectId, 'a b\n:{x}')).toBeUndefined();
      clock.advance(30 * DAY - 1);
      expect(await ledger.imagesOf(gitlab, project, 'a b\n:{x}')).toEqual([image('one')]);
      clock.advance(1);
      expect(await ledger.imagesOf(gitlab, project, 'a b\n:{x}')).toBeUndefined();
    });

    it('keeps for each project up to where its jobs are settled', async () => {
      expect(await ledger.settledUpTo(gitlab, project)).toBeUndefined();
      await ledger.settle(gitlab, project, 40 as JobId);
      await ledger.settle(gitlab, project, 41 as JobId);
      expect(await ledger.settledUpTo(gitlab, project)).toBe(41);
      expect(await ledger.settledUpTo(gitlab, 8 as ProjectId)).toBeUndefined();
    });
  });
}
