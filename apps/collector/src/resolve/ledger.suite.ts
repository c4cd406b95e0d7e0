import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type {
  HostName,
  InstanceName,
  JobId,
  JobKey,
  ProjectId,
  RunnerId,
  SystemId,
} from '@sideband/shared/names';
import { beforeEach, describe, expect, it } from 'vitest';
import type { JobLedger, LedgerBounds, RememberedJob } from './ledger.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);
const BOUNDS: LedgerBounds = { lookBackMs: 7 * DAY, endedJobs: 5, imagesMs: 30 * DAY, managers: 3 };
const gitlab = 'gitlab.example' as InstanceName;
const other = 'other.example' as InstanceName;
const project = 7 as ProjectId;
const runner = 4 as RunnerId;

const job = (id: number): JobKey => ({ instance: gitlab, project, job: id as JobId });
const ids = (...numbers: number[]): JobId[] => numbers as JobId[];
const at = (ms: number): Millis => ms as Millis;
const manager = (letter: string): SystemId => `s_${letter.repeat(12)}` as SystemId;
const managers = (letters: string): SystemId[] => [...letters].map(manager);
const used = (name: string, hosts: readonly string[] = ['one']): RememberedJob => ({
  images: [{ role: 'build', identities: [name as Identity] }],
  hosts: hosts as readonly HostName[],
});

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
      expect(await ledger.knownEnded(other, project, ids(11))).toEqual(new Set());
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
      const nothing = { images: [], hosts: [] };
      await ledger.remember(job(21), 'test: [a, b]', used('new'), at(NOW - 10));
      await ledger.remember(job(20), 'test: [a, b]', used('old', ['two']), at(NOW - 20));
      expect(await ledger.lastOf(gitlab, project, 'test: [a, b]')).toEqual(used('new'));
      await ledger.remember(job(22), 'test: [a, b]', nothing, at(NOW - 5));
      expect(await ledger.lastOf(gitlab, project, 'test: [a, b]')).toEqual(nothing);
    });

    it('prefers the higher id of two jobs of one time', async () => {
      await ledger.remember(job(21), 'test', used('first'), at(NOW));
      await ledger.remember(job(22), 'test', used('second'), at(NOW));
      await ledger.remember(job(21), 'test', used('first'), at(NOW));
      expect(await ledger.lastOf(gitlab, project, 'test')).toEqual(used('second'));
    });

    it('tells names apart that differ in anything, and forgets a name after its time', async () => {
      await ledger.remember(job(21), 'a b\n:{x}', used('one'), at(NOW));
      expect(await ledger.lastOf(gitlab, project, 'a b :{x}')).toBeUndefined();
      expect(await ledger.lastOf(gitlab, 8 as ProjectId, 'a b\n:{x}')).toBeUndefined();
      clock.advance(30 * DAY - 1);
      expect(await ledger.lastOf(gitlab, project, 'a b\n:{x}')).toEqual(used('one'));
      clock.advance(1);
      expect(await ledger.lastOf(gitlab, project, 'a b\n:{x}')).toBeUndefined();
    });

    it('remembers the first eight hosts', async () => {
      const hosts = Array.from({ length: 9 }, (_, index) => `host-${index}`);
      await ledger.remember(job(21), 'test', used('ruby', hosts), at(NOW));
      expect(await ledger.lastOf(gitlab, project, 'test')).toEqual(used('ruby', hosts.slice(0, 8)));
    });

    it('keeps the managers of a runner, those that worked last first', async () => {
      expect(await ledger.managersOf(gitlab, runner)).toEqual([]);
      await ledger.noteManagers(gitlab, runner, [], at(NOW));
      await ledger.noteManagers(gitlab, runner, managers('ba'), at(NOW - 20));
      await ledger.noteManagers(gitlab, runner, managers('c'), at(NOW - 10));
      expect(await ledger.managersOf(gitlab, runner)).toEqual(managers('cba'));
      await ledger.noteManagers(gitlab, runner, managers('a'), at(NOW - 5));
      await ledger.noteManagers(gitlab, runner, managers('c'), at(NOW - 90));
      expect(await ledger.managersOf(gitlab, runner)).toEqual(managers('acb'));
      expect(await ledger.managersOf(gitlab, 5 as RunnerId)).toEqual([]);
      expect(await ledger.managersOf(other, runner)).toEqual([]);
    });

    it('forgets managers that have not worked for the look-back, and the oldest of too many', async () => {
      for (const [letter, ms] of Object.entries({ d: 4, a: 1, c: 3, b: 2 })) {
        await ledger.noteManagers(gitlab, runner, managers(letter), at(NOW + ms));
      }
      expect(await ledger.managersOf(gitlab, runner)).toEqual(managers('dcb'));
      clock.advance(7 * DAY + 3);
      expect(await ledger.managersOf(gitlab, runner)).toEqual(managers('dc'));
      clock.advance(2);
      expect(await ledger.managersOf(gitlab, runner)).toEqual([]);
    });

    it('forgets the ended jobs of a project that is gone, and no other’s', async () => {
      await ledger.markEnded(job(11), at(NOW));
      await ledger.markEnded({ ...job(11), project: 8 as ProjectId }, at(NOW));
      for (let time = 0; time < 2; time += 1) await ledger.forgetProject(gitlab, project);
      expect(await ledger.knownEnded(gitlab, project, ids(11))).toEqual(new Set());
      expect(await ledger.knownEnded(gitlab, 8 as ProjectId, ids(11))).toEqual(new Set(ids(11)));
    });
  });
}
