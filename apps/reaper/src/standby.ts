import { formatBytes } from '@sideband/shared/byte-size';
import type { Log } from '@sideband/shared/log';
import type { Disk } from './disk/port.ts';
import type { Ownership } from './identity/ownership.ts';

/**
 * Two reapers on one engine would each take the room the other has just made for an image. So the second only
 * observes, loudly: it says who works here and how full the disk is, again and again, and resolves with true
 * when it is its turn. False: it was told to stop.
 */
export async function waitForTurn(parts: {
  readonly ownership: Pick<Ownership, 'hold'>;
  readonly disk: Disk;
  readonly everyMs: number;
  /** Resolves after that long, or at once with false when the reaper is told to stop. */
  readonly pause: (milliseconds: number) => Promise<boolean>;
  readonly onRefused: () => void;
  readonly log: Log;
}): Promise<boolean> {
  const { ownership, disk, everyMs, pause, onRefused, log } = parts;
  for (;;) {
    const hold = await ownership.hold();
    if (hold.held) return true;
    onRefused();
    const free = await disk.read().then(
      (filesystems) => filesystems.map(({ path, freeBytes }) => `${path} ${formatBytes(freeBytes)}`),
      () => [],
    );
    log.error({ ...hold, free }, 'Another reaper works here; this one only observes');
    if (!(await pause(everyMs))) return false;
  }
}
