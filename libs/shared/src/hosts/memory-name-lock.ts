import type { Clock } from '../clock.ts';
import type { HostName } from '../names.ts';
import { NAME_LOCK_MS, type NameLock } from './lock.ts';

/** The twin of the lock in Redis. */
export function createMemoryNameLock(clock: Clock): NameLock {
  const locks = new Map<HostName, { readonly holder: string; readonly until: number }>();
  return {
    async hold(host, holder) {
      const lock = locks.get(host);
      if (lock !== undefined && lock.holder !== holder && lock.until > clock.now()) {
        return { held: false, holder: lock.holder };
      }
      locks.set(host, { holder, until: clock.now() + NAME_LOCK_MS });
      return { held: true };
    },
    async release(host, holder) {
      if (locks.get(host)?.holder === holder) locks.delete(host);
    },
  };
}
