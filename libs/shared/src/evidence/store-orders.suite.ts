import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EvidenceBounds, EvidenceStore } from './store.ts';
import { apply, observe, type Place, recordEvent, storeEvent, twoOrders } from './store-events.suite.ts';

/** What no order of events and no repetition may change. `start` gives a store and a place nothing is known of. */
export function describeAnyOrder(
  name: string,
  start: (bounds?: Partial<EvidenceBounds>) => Place & { readonly store: EvidenceStore },
): void {
  describe(`${name}: whatever comes`, () => {
    const runs = { numRuns: 150 };

    test('any order and any repetition of the same events leave the same evidence', async () => {
      await fc.assert(
        fc.asyncProperty(twoOrders(storeEvent), async (orders) => {
          const seen = [];
          for (const order of orders) {
            const { store, ...place } = start();
            for (const event of order) await apply(store, place, event);
            for (const manager of place.managers) await store.unpark(manager, place.hosts);
            seen.push(await observe(store, place));
          }
          expect(seen[1]).toEqual(seen[0]);
        }),
        runs,
      );
    });

    test('the newest are kept within the bounds, in any order', async () => {
      const bounds = { identities: 2, uses: 3 };
      await fc.assert(
        fc.asyncProperty(twoOrders(recordEvent), async (orders) => {
          const seen = [];
          for (const order of orders) {
            const { store, ...place } = start(bounds);
            for (const event of order) await apply(store, place, event);
            for (const host of place.hosts) {
              expect((await store.lastUses(host)).size).toBeLessThanOrEqual(bounds.identities);
              expect((await store.recordedUses(host, 99)).length).toBeLessThanOrEqual(bounds.uses);
            }
            seen.push(await observe(store, place));
          }
          expect(seen[1]).toEqual(seen[0]);
        }),
        runs,
      );
    });

    test('saying anything again is no news, and no last use ever moves back', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(recordEvent, { maxLength: 8 }), async (events) => {
          const { store, ...place } = start({ identities: 3, uses: 4 });
          const latest = new Map<string, number>();
          for (const event of events) {
            await apply(store, place, event);
            expect(await apply(store, place, event)).toEqual({ moved: 0, clockAhead: 0 });
            for (const host of place.hosts) {
              for (const [identity, { at }] of await store.lastUses(host)) {
                const before = latest.get(host + identity) ?? 0;
                expect(at).toBeGreaterThanOrEqual(before);
                latest.set(host + identity, at);
              }
            }
          }
        }),
        runs,
      );
    });
  });
}
