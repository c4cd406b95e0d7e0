import { SidebandError } from '@sideband/shared/errors';
import type { HostLock } from './identity/lock.ts';

/** One reaper an engine. Throws `STATE_UNUSABLE` when another one works with this state directory. */
export async function requireLock(lock: HostLock, stateDirectory: string): Promise<void> {
  const hold = await lock.hold();
  if (hold.held) return;
  throw new SidebandError('STATE_UNUSABLE', {
    path: stateDirectory,
    reason: 'another reaper works with it',
    pid: hold.pid,
  });
}
