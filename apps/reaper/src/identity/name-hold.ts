import { createHash, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isSidebandError } from '@sideband/shared/errors';
import type { Held, NameLock } from '@sideband/shared/hosts/lock';
import type { HostName } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import { readBootId } from './boot-id.ts';

export interface NameHold {
  /** As Redis says; while it is away, as it said last; if it could never be asked, held: a disk must not fill because Redis is away. */
  hold(): Promise<Held>;
  /** Lets go of it if it is ours; while Redis is away it expires by itself. */
  release(): Promise<void>;
}

/** The fleet's lock on this host's name, in the words of one holder. Methods throw nothing of Redis. */
export function createNameHold(lock: NameLock, host: HostName, holder: string): NameHold {
  let last: Held = { held: true };
  return {
    async hold() {
      last = (await unlessAway(() => lock.hold(host, holder))) ?? last;
      return last;
    },
    async release() {
      await unlessAway(() => lock.release(host, holder));
    },
  };
}

/**
 * What a reaper calls itself to the others: its UUID, and what tells its state directory from a copy on this machine or
 * another. It is the same for a reaper that was killed and started again, which so need not wait for its own silence
 * (90 s, in which a disk takes 10 GB); two on one state directory are told apart by the lock inside it.
 */
export async function nameHolder(uuid: string, stateDirectory: string): Promise<string> {
  const boot = await readBootId();
  const { dev, ino } = await stat(stateDirectory, { bigint: true });
  // Without the boot's id two machines could look alike.
  const place = boot === '' ? randomUUID() : `${boot} ${dev}:${ino}`;
  return `${uuid} ${createHash('sha256').update(place).digest('hex').slice(0, 8)}`;
}

/** The UUID in a holder's words; what is no UUID is shown quoted, it came from Redis. */
export function uuidOf(holder: string): string {
  const [uuid = ''] = holder.split(' ');
  return /^[0-9a-f-]{36}$/.test(uuid) ? uuid : quote(holder);
}

async function unlessAway<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isSidebandError(error, 'REDIS_UNAVAILABLE')) return undefined;
    throw error;
  }
}
