import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Deliveries, Delivery } from './deliveries.ts';
import type { HookSource } from './hook-secret.ts';

/** `pass` lets the time go by. */
export interface DeliveriesToTest {
  readonly deliveries: Deliveries;
  pass(milliseconds: number): Promise<void>;
}

export function describeDeliveries(name: string, make: () => Promise<DeliveriesToTest>): void {
  describe(`the deliveries ${name}`, () => {
    let deliveries: Deliveries;
    let pass: DeliveriesToTest['pass'];

    beforeEach(async () => {
      ({ deliveries, pass } = await make());
    });

    it('an event that was taken is a duplicate, whenever it is sent again', async () => {
      const [plain, later] = [sent(), sent({ signedSeconds: '1700000000' })];
      expect(await deliveries.claim(plain)).toBe('new');
      await deliveries.remember(plain);
      expect(await deliveries.claim(plain)).toBe('duplicate');
      expect(await deliveries.claim(later)).toBe('duplicate');
    });

    it('an event that was not taken is new, however often it comes', async () => {
      for (const delivery of [sent(), sent({ signedSeconds: '1700000000' })]) {
        for (let time = 0; time < 3; time += 1) {
          expect(await deliveries.claim(delivery)).toBe('new');
          await deliveries.release(delivery);
        }
      }
    });

    it('the very same signed request is a replay, also of a duplicate', async () => {
      const [first, again] = [sent({ signedSeconds: '1700000000' }), sent({ signedSeconds: '1700000060' })];
      expect(await deliveries.claim(first)).toBe('new');
      await deliveries.remember(first);
      expect(await deliveries.claim(first)).toBe('replayed');
      expect(await deliveries.claim(again)).toBe('duplicate');
      await pass(10_000);
      expect(await deliveries.claim(again)).toBe('replayed');
      expect(await deliveries.claim(first)).toBe('replayed');
    });

    it('of two at the same time one is new; a collector that dies holds the other up for seconds', async () => {
      const delivery = sent({ signedSeconds: '1700000000' });
      const claims = await Promise.all([deliveries.claim(delivery), deliveries.claim(delivery)]);
      expect(claims.sort()).toEqual(['new', 'replayed']);
      await pass(5_001);
      expect(await deliveries.claim(delivery)).toBe('new');
    });

    it('a request is remembered for longer than its signature is good', async () => {
      const delivery = sent({ signedSeconds: '1700000000' });
      await deliveries.claim(delivery);
      await deliveries.remember(delivery);
      await pass(600_001);
      expect(await deliveries.claim(delivery)).toBe('replayed');
      await pass(400_000);
      expect(await deliveries.claim(delivery)).toBe('new');
    });

    it('an id counts for its instance and source only', async () => {
      await deliveries.remember(sent());
      const others: Delivery[] = [
        sent({ id: 'id-2' }),
        sent({}, { kind: 'project', project: 8 as ProjectId }),
        sent({}, { kind: 'group', group: 7 as GroupId }),
        sent({}, { kind: 'file' }),
        sent({}, undefined, 'gitlab.example.org'),
      ];
      for (const other of others) expect(await deliveries.claim(other)).toBe('new');
      expect(await deliveries.claim(sent())).toBe('duplicate');
    });

    it('takes any text for an id', async () => {
      for (const id of ['', '{x}:y', 'a\nb', '\u0000', '*', 'x'.repeat(10_000), '1700000000\n/hooks']) {
        expect(await deliveries.claim(sent({ id }))).toBe('new');
        await deliveries.remember(sent({ id }));
        expect(await deliveries.claim(sent({ id }))).toBe('duplicate');
      }
    });
  });
}

function sent(
  of: Partial<Delivery> = {},
  source: HookSource = { kind: 'project', project: 7 as ProjectId },
  instance = 'gitlab.example.com',
): Delivery {
  const address = { instance: instance as InstanceName, source };
  return { address, id: 'id-1', signedSeconds: undefined, ...of };
}
