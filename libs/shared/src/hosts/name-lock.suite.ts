import { describe, expect, test } from 'vitest';
import type { HostName } from '../names.ts';
import type { NameLock } from './lock.ts';

const ALPHA = 'alpha' as HostName;
const BETA = 'beta' as HostName;

export interface NameLockSubject {
  readonly lock: NameLock;
  /** As if the holder had been silent for `NAME_LOCK_MS`. */
  letExpire(host: HostName): Promise<void>;
}

/** What every lock on a host's name does. `open` gives one that nobody holds. */
export function describeNameLock(name: string, open: () => Promise<NameLockSubject>): void {
  describe(name, () => {
    test('the first has it and goes on having it, the second is told who it is', async () => {
      const { lock } = await open();
      expect(await lock.hold(ALPHA, 'first')).toEqual({ held: true });
      expect(await lock.hold(ALPHA, 'second')).toEqual({ held: false, holder: 'first' });
      expect(await lock.hold(ALPHA, 'first')).toEqual({ held: true });
      expect(await lock.hold(BETA, 'second')).toEqual({ held: true });
    });

    test('of many at once exactly one has it', async () => {
      const { lock } = await open();
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) => lock.hold(ALPHA, `reaper ${index}`)),
      );
      expect(all.filter(({ held }) => held)).toHaveLength(1);
    });

    test('who is silent for too long has lost it', async () => {
      const { lock, letExpire } = await open();
      await lock.hold(ALPHA, 'first');
      await letExpire(ALPHA);
      expect(await lock.hold(ALPHA, 'second')).toEqual({ held: true });
      expect(await lock.hold(ALPHA, 'first')).toEqual({ held: false, holder: 'second' });
    });

    test('only its holder releases it', async () => {
      const { lock } = await open();
      await lock.hold(ALPHA, 'first');
      await lock.release(ALPHA, 'second');
      expect(await lock.hold(ALPHA, 'second')).toEqual({ held: false, holder: 'first' });
      await lock.release(ALPHA, 'first');
      await lock.release(ALPHA, 'first');
      expect(await lock.hold(ALPHA, 'second')).toEqual({ held: true });
    });
  });
}
