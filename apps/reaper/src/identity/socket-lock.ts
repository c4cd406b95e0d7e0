import { realpath } from 'node:fs/promises';
import type { Clock } from '@sideband/shared/clock';
import { errorText } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { createPathLock, type LocalHold, type PathLock } from './path-lock.ts';

/** Beside the engine's socket. No method throws. */
export interface SocketLock {
  /** Undefined: no lock can be had there. */
  hold(): Promise<LocalHold | undefined>;
  release(): Promise<void>;
  /** Where it is, or would be. */
  path(): string;
}

/**
 * One reaper an engine on this machine, whatever its state directory: they have the engine's socket in common, under
 * its real path (/var/run is a link to /run). In a container to which only the socket is given, the directory around
 * it is the container's own and so is the lock; then the collector's comparison of engines is what tells.
 *
 * Where no lock can be had (read-only, no permission, the engine not started yet) that is said once and the other
 * locks count alone: they are needed for what this one cannot see anyway, and a disk must not fill for want of it.
 */
export function createSocketLock(socketPath: string, clock: Clock, log: Log): SocketLock {
  let lock: PathLock | undefined;
  let path = besides(socketPath);
  let isSaid = false;

  async function open(): Promise<PathLock> {
    path = besides(await realpath(socketPath));
    return createPathLock(path, clock);
  }

  return {
    path: () => path,
    async hold() {
      try {
        lock ??= await open();
        return await lock.hold();
      } catch (error) {
        if (!isSaid) {
          log.info(
            { path, reason: errorText(error) },
            'No lock beside the engine’s socket; the state directory’s counts alone',
          );
        }
        isSaid = true;
        return undefined;
      }
    },
    async release() {
      try {
        await lock?.release();
      } catch (error) {
        log.warn({ path, reason: errorText(error) }, 'The lock beside the engine’s socket stays behind');
      }
    },
  };
}

function besides(socketPath: string): string {
  return `${socketPath}.sideband-lock`;
}
