import { describe, expect, test } from 'vitest';
import type { Millis } from '../clock.ts';
import { LEASE_STRENGTHS } from './model.ts';
import { type EvidenceStore, TOMBSTONE_MS } from './store.ts';
import { jobKey, NOON, type Place, YEAR_9999 } from './store-events.suite.ts';
import { later, lease, MINUTE, NODE } from './store-samples.suite.ts';

/** `start` gives a store and a place nothing is known of. */
export function describeLeases(name: string, start: () => Place & { readonly store: EvidenceStore }): void {
  describe(`${name}: leases`, () => {
    test.each(LEASE_STRENGTHS)(
      'one that is %s holds until it expires, to the millisecond',
      async (strength) => {
        const { store, hosts } = start();
        const long = lease({ strength, identity: NODE, expiresAt: YEAR_9999 as Millis });
        await store.lease(hosts[0], [lease({ strength }), long]);
        expect(await store.leases(hosts[0], later(10 * MINUTE - 1))).toEqual([lease({ strength }), long]);
        expect(await store.leases(hosts[0], later(10 * MINUTE))).toEqual([long]);
      },
    );

    test('it becomes stronger as more is known of its job, and never weaker', async () => {
      const { store, hosts } = start();
      const long = { expiresAt: later(60 * MINUTE) };
      const expected = lease({ strength: 'expected', ...long });
      await store.lease(hosts[0], [expected]);
      expect(await store.leases(hosts[0], NOON)).toEqual([expected]);
      await store.lease(hosts[0], [lease()]);
      await store.lease(hosts[0], [expected]);
      expect(await store.leases(hosts[0], NOON)).toEqual([lease()]);
      const confirmed = lease({ strength: 'confirmed', expiresAt: later(MINUTE) });
      await store.lease(hosts[0], [confirmed]);
      await store.lease(hosts[0], [expected, lease(long)]);
      expect(await store.leases(hosts[0], NOON)).toEqual([confirmed]);
      expect(await store.leases(hosts[0], later(MINUTE))).toEqual([]);
      await store.lease(hosts[0], [expected, lease(long)]);
      expect(await store.leases(hosts[0], later(MINUTE))).toEqual([]);
    });

    test('the end of a job that never began ends what was expected of it', async () => {
      const { store, hosts } = start();
      await store.lease(hosts[0], [lease({ strength: 'expected' })]);
      await store.endJob(hosts[0], jobKey(1), NOON);
      await store.lease(hosts[0], [lease({ strength: 'expected' })]);
      expect(await store.leases(hosts[0], NOON)).toEqual([]);
    });

    test('the later expiry counts; once confirmed, the confirmed one', async () => {
      const { store, hosts } = start();
      await store.lease(hosts[0], [lease(), lease({ expiresAt: later(MINUTE) })]);
      expect(await store.leases(hosts[0], NOON)).toEqual([lease()]);
      const confirmed = lease({ strength: 'confirmed', expiresAt: later(5 * MINUTE) });
      await store.lease(hosts[0], [confirmed, lease({ expiresAt: later(60 * MINUTE) })]);
      expect(await store.leases(hosts[0], NOON)).toEqual([confirmed]);
    });

    test('an expired confirmed lease is not replaced by a late predicted one', async () => {
      const { store, hosts } = start();
      await store.lease(hosts[0], [lease({ strength: 'confirmed' })]);
      expect(await store.leases(hosts[0], later(11 * MINUTE))).toEqual([]);
      await store.lease(hosts[0], [lease({ expiresAt: later(60 * MINUTE) })]);
      expect(await store.leases(hosts[0], later(11 * MINUTE))).toEqual([]);
    });

    test('the end of a job ends its leases only, and a late "running" revives nothing', async () => {
      const { store, hosts } = start();
      const other = lease({ job: jobKey(11) });
      await store.lease(hosts[0], [lease(), lease({ identity: NODE }), other]);
      await store.endJob(hosts[0], jobKey(1), later(MINUTE));
      await store.lease(hosts[0], [lease({ strength: 'confirmed' })]);
      expect(await store.leases(hosts[0], NOON)).toEqual([other]);
      await store.lease(hosts[1], [lease()]);
      expect(await store.leases(hosts[1], NOON)).toEqual([lease()]);
    });

    test('a tombstone lasts two days, and an absurd time takes only the older ones with it', async () => {
      const { store, hosts } = start();
      await store.endJob(hosts[0], jobKey(1), NOON);
      await store.endJob(hosts[0], jobKey(2), later(TOMBSTONE_MS));
      const until = lease({ expiresAt: later(2 * TOMBSTONE_MS) });
      await store.lease(hosts[0], [until]);
      expect(await store.leases(hosts[0], NOON)).toEqual([]);
      await store.endJob(hosts[0], jobKey(3), YEAR_9999 as Millis);
      await store.endJob(hosts[0], jobKey(4), NOON);
      await store.lease(hosts[0], [until, { ...until, job: jobKey(3) }, { ...until, job: jobKey(4) }]);
      expect(await store.leases(hosts[0], NOON)).toEqual([until]);
    });
  });
}
