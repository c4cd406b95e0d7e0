import { describe, expect, test } from 'vitest';
import type { Millis } from '../clock.ts';
import { DEFAULT_BOUNDS, type EvidenceBounds, type EvidenceStore } from './store.ts';
import { freshPlace, jobKey, NOON, type Place, YEAR_9999 } from './store-events.suite.ts';
import { describeLeases } from './store-leases.suite.ts';
import { describeAnyOrder } from './store-orders.suite.ts';
import { fed, later, lease, MINUTE, NODE, RUBY, RUBY_ID, use } from './store-samples.suite.ts';

/** What every evidence store does. `open` may be called often; `firstPlace` keeps two suites apart. */
export function describeEvidenceStore(
  name: string,
  open: (bounds: EvidenceBounds) => EvidenceStore,
  firstPlace: number,
): void {
  let places = firstPlace;
  function start(bounds: Partial<EvidenceBounds> = {}): Place & { readonly store: EvidenceStore } {
    places += 1;
    return { ...freshPlace(places), store: open({ ...DEFAULT_BOUNDS, ...bounds }) };
  }

  describe(`${name}: last uses`, () => {
    test('a use is found under each of its identities, with where it comes from', async () => {
      const { store, hosts } = start();
      const outcome = await store.recordUses(hosts[0], [use({ identities: [RUBY_ID, RUBY] })]);
      expect(outcome).toEqual({ moved: 2, clockAhead: 0 });
      const lastUse = { at: NOON, source: 'trace', role: 'build', job: jobKey(1), jobName: 'rspec' };
      const found = await store.lastUses(hosts[0]);
      expect([...found].sort()).toEqual([
        [RUBY, lastUse],
        [RUBY_ID, lastUse],
      ]);
      expect(await store.lastUses(hosts[1])).toEqual(new Map());
    });

    test('an older use moves nothing back, and saying it again is no news', async () => {
      const { store, hosts } = start();
      await store.recordUses(hosts[0], [use({ at: later(MINUTE), receivedAt: later(MINUTE) })]);
      const again = await store.recordUses(hosts[0], [use({ job: jobKey(2), source: 'watch' })]);
      expect(again).toEqual({ moved: 0, clockAhead: 0 });
      expect((await store.lastUses(hosts[0])).get(RUBY)?.at).toBe(later(MINUTE));
    });

    test('at equal times the stronger source wins, then the higher job id', async () => {
      const { store, hosts } = start();
      await store.recordUses(hosts[0], [use({ job: jobKey(9), source: 'configuration' })]);
      await store.recordUses(hosts[0], [use({ job: jobKey(10), source: 'configuration' })]);
      expect((await store.lastUses(hosts[0])).get(RUBY)?.job?.job).toBe(10);
      await store.recordUses(hosts[0], [use({ job: jobKey(2), source: 'watch' })]);
      await store.recordUses(hosts[0], [use({ job: jobKey(11), source: 'trace' })]);
      expect((await store.lastUses(hosts[0])).get(RUBY)).toMatchObject({ source: 'watch', job: { job: 2 } });
    });

    test('a time after its receipt is cut there, and reported once when it is far off', async () => {
      const { store, hosts } = start();
      const absurd = use({ at: YEAR_9999 as Millis });
      expect(await store.recordUses(hosts[0], [absurd])).toEqual({ moved: 1, clockAhead: 1 });
      expect(await store.recordUses(hosts[0], [absurd])).toEqual({ moved: 0, clockAhead: 0 });
      expect((await store.lastUses(hosts[0])).get(RUBY)?.at).toBe(NOON);
      const tolerable = use({ job: jobKey(2), at: later(5 * MINUTE) });
      expect((await store.recordUses(hosts[0], [tolerable])).clockAhead).toBe(0);
    });

    test('the longest job id, a part of a millisecond and an odd job name come back whole', async () => {
      const { store, hosts } = start();
      const job = jobKey(Number.MAX_SAFE_INTEGER);
      const jobName = `"a" | b\n${'ü'.repeat(300)}`;
      await store.recordUses(hosts[0], [use({ job, jobName, at: (NOON - 0.25) as Millis })]);
      const lastUse = (await store.lastUses(hosts[0])).get(RUBY);
      expect(lastUse).toMatchObject({ job, at: NOON - 1, jobName: jobName.slice(0, 255) });
    });

    test('a use of no job moves last uses and comes back as such, and is no line of the audit', async () => {
      const { store, hosts } = start();
      const pull = use({ job: undefined, jobName: '', role: 'image', source: 'watch', identities: [RUBY] });
      const run = use({ ...pull, role: 'container', identities: [NODE], at: YEAR_9999 as Millis });
      expect(await store.recordUses(hosts[0], [pull, run])).toEqual({ moved: 2, clockAhead: 0 });
      expect(await store.recordUses(hosts[0], [pull, run])).toEqual({ moved: 0, clockAhead: 0 });
      const known = { at: NOON, source: 'watch', job: undefined, jobName: '' };
      const found = await store.lastUses(hosts[0]);
      expect(found.get(RUBY)).toEqual({ ...known, role: 'image' });
      expect(found.get(NODE)).toEqual({ ...known, role: 'container' });
      expect(await store.recordedUses(hosts[0], 10)).toEqual([]);
    });

    test('at equal times from the same source a use of a job is above one of none', async () => {
      const { store, hosts } = start();
      await store.recordUses(hosts[0], [use({ job: undefined, role: 'container' })]);
      expect((await store.recordUses(hosts[0], [use()])).moved).toBe(1);
      expect((await store.recordUses(hosts[0], [use({ job: undefined, role: 'image' })])).moved).toBe(0);
      expect((await store.lastUses(hosts[0])).get(RUBY)?.job).toEqual(jobKey(1));
    });

    test('a use without identities says nothing', async () => {
      const { store, hosts } = start();
      const outcome = await store.recordUses(hosts[0], [use({ identities: [], at: YEAR_9999 as Millis })]);
      expect(outcome).toEqual({ moved: 0, clockAhead: 0 });
      expect(await store.recordedUses(hosts[0], 10)).toEqual([]);
    });
  });

  describe(`${name}: recorded uses and what can be pulled again`, () => {
    test('each use is one line a source, newest first, at its latest time', async () => {
      const { store, hosts } = start();
      await store.recordUses(hosts[0], [use(), use({ job: jobKey(2), identities: [NODE], role: 'service' })]);
      const ended = use({ at: later(MINUTE), receivedAt: later(MINUTE) });
      const seen = use({ at: later(-MINUTE), source: 'watch' });
      await store.recordUses(hosts[0], [ended, ended, seen]);
      expect(await store.recordedUses(hosts[0], 10)).toEqual([
        { job: jobKey(1), role: 'build', identity: RUBY, source: 'trace', at: later(MINUTE) },
        { job: jobKey(2), role: 'service', identity: NODE, source: 'trace', at: NOON },
        { job: jobKey(1), role: 'build', identity: RUBY, source: 'watch', at: later(-MINUTE) },
      ]);
      expect(await store.recordedUses(hosts[0], 1)).toHaveLength(1);
      expect(await store.recordedUses(hosts[0], 0)).toEqual([]);
    });

    test('the newest are kept: of pulls, of parked uses, and of leases the stronger before the weaker', async () => {
      const { store, hosts, managers } = start({ identities: 1, parked: 1, leases: 2 });
      await store.noteRepullable(hosts[0], [NODE], later(MINUTE));
      await store.noteRepullable(hosts[0], [RUBY], NOON);
      expect(await store.repullable(hosts[0])).toEqual(new Set([NODE]));

      await store.park(managers[0], [use({ at: later(-MINUTE) }), use({ identities: [NODE] })]);
      expect(await store.unpark(managers[0], hosts)).toBe(1);
      expect([...(await store.lastUses(hosts[0])).keys()]).toEqual([NODE]);

      const confirmed = lease({ strength: 'confirmed', expiresAt: later(MINUTE) });
      const expected = lease({ job: jobKey(3), strength: 'expected', expiresAt: YEAR_9999 as Millis });
      await store.lease(hosts[0], [confirmed, lease({ job: jobKey(2) }), expected]);
      expect(await store.leases(hosts[0], NOON)).toEqual([lease({ job: jobKey(2) }), confirmed]);
      await store.endJob(hosts[0], jobKey(2), NOON);
      await store.lease(hosts[0], [expected, lease({ ...expected, job: jobKey(4), expiresAt: later(1) })]);
      expect(await store.leases(hosts[0], NOON)).toEqual([expected, confirmed]);
    });

    test('pulls are remembered per host', async () => {
      const { store, hosts } = start();
      await store.noteRepullable(hosts[0], [RUBY, NODE], NOON);
      await store.noteRepullable(hosts[0], [], NOON);
      expect(await store.repullable(hosts[0])).toEqual(new Set([RUBY, NODE]));
      expect(await store.repullable(hosts[1])).toEqual(new Set());
    });
  });

  describe(`${name}: parked uses`, () => {
    test('they go to every host of the manager, once', async () => {
      const { store, hosts, managers } = start();
      await store.park(managers[0], [use({ identities: [RUBY_ID, RUBY] }), use({ identities: [NODE] })]);
      await store.park(managers[0], [use({ identities: [NODE], receivedAt: later(MINUTE) })]);
      expect(await store.unpark(managers[0], [])).toBe(0);
      expect(await store.unpark(managers[1], hosts)).toBe(0);
      expect(await store.unpark(managers[0], hosts)).toBe(2);
      for (const host of hosts) {
        expect(new Set((await store.lastUses(host)).keys())).toEqual(new Set([RUBY_ID, RUBY, NODE]));
      }
      expect(await store.unpark(managers[0], hosts)).toBe(0);
    });

    test('that an image was pulled goes with them', async () => {
      const { store, hosts, managers } = start();
      await store.park(managers[0], [
        use({ identities: [RUBY_ID, RUBY], pulled: true }),
        use({ identities: [NODE] }),
      ]);
      await store.unpark(managers[0], hosts);
      for (const host of hosts) expect(await store.repullable(host)).toEqual(new Set([RUBY_ID, RUBY]));
    });

    test('a use of no job is not among them: no manager ran it', async () => {
      const { store, hosts, managers } = start();
      await store.park(managers[0], [
        use({ job: undefined, role: 'container' }),
        use({ identities: [NODE] }),
      ]);
      expect(await store.unpark(managers[0], hosts)).toBe(1);
      expect([...(await store.lastUses(hosts[0])).keys()]).toEqual([NODE]);
    });

    test('they are cut at their receipt like any other', async () => {
      const { store, hosts, managers } = start();
      await store.park(managers[0], [use({ at: YEAR_9999 as Millis })]);
      await store.unpark(managers[0], [hosts[0]]);
      expect((await store.lastUses(hosts[0])).get(RUBY)?.at).toBe(NOON);
    });

    test('a use parked meanwhile stays parked', async () => {
      const { store, hosts, managers } = start();
      await store.park(managers[0], [use()]);
      const parkedMeanwhile = use({ job: jobKey(2) });
      const [placed] = await Promise.all([
        store.unpark(managers[0], [hosts[0]]),
        store.park(managers[0], [parkedMeanwhile]),
      ]);
      expect(placed + (await store.unpark(managers[0], [hosts[0]]))).toBe(2);
    });

    test('a later time parked meanwhile is not forgotten', async () => {
      const { store, hosts, managers } = start();
      for (let minute = 1; minute <= 20; minute += 1) {
        await store.park(managers[0], [use({ at: NOON, receivedAt: later(60 * MINUTE) })]);
        const ended = use({ at: later(minute * MINUTE), receivedAt: later(60 * MINUTE) });
        await Promise.all([store.unpark(managers[0], hosts), store.park(managers[0], [ended])]);
        await store.unpark(managers[0], hosts);
        expect((await store.lastUses(hosts[0])).get(RUBY)?.at).toBe(later(minute * MINUTE));
      }
    });
  });

  describe(`${name}: how far it is fed`, () => {
    test('it is said to each host alone, and only moves forward', async () => {
      const { store, hosts } = start();
      expect(await store.fed(hosts[0])).toBeUndefined();
      await store.markFed(hosts[0], fed(NOON, { 'gitlab.example': 'one', 'gitlab.example:8443': 'two' }));
      await store.markFed(hosts[0], fed(later(-MINUTE), { 'gitlab.example': 'old' }));
      expect(await store.fed(hosts[0])).toEqual(
        fed(NOON, { 'gitlab.example': 'one', 'gitlab.example:8443': 'two' }),
      );
      expect(await store.fed(hosts[1])).toBeUndefined();
    });

    test('the later one says what the GitLabs are called now', async () => {
      const { store, hosts } = start();
      await store.markFed(hosts[0], fed(NOON, { 'old.example': 'one', 'gitlab.example': 'two' }));
      await store.markFed(hosts[0], fed(later(MINUTE), { 'gitlab.example': 'renamed' }));
      expect(await store.fed(hosts[0])).toEqual(fed(later(MINUTE), { 'gitlab.example': 'renamed' }));
      await store.markFed(hosts[0], fed(later(2 * MINUTE), {}));
      expect(await store.fed(hosts[0])).toEqual(fed(later(2 * MINUTE), {}));
    });
  });

  describeLeases(name, start);
  describeAnyOrder(name, start);
}
