import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { CycleRequest, CycleResult } from './cycle.ts';
import type { Disk } from './disk/port.ts';
import type { Policy } from './plan/policy.ts';
import { isDiskLow, isEmergency } from './plan/pressure.ts';

export interface Lookout {
  start(): void;
  stop(): void;
  /** Resolves when no look is under way. */
  idle(): Promise<void>;
}

/** After a cycle that could not make room the next looks wait this long, unless an emergency begins. */
const QUIET_MS = 60_000;

/**
 * Looks at the disk every few seconds: one `statfs`, no engine call. A disk can take 7 GB a minute, so the
 * scheduled check alone would come too late. A disk below its mark becomes a check at once.
 */
export function createLookout(parts: {
  readonly disk: Disk;
  readonly policy: Policy;
  readonly cycle: (request: CycleRequest) => Promise<CycleResult>;
  /** Confirmed at every look, so that this reaper is not taken for a dead one. */
  readonly holdLock: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs: number;
}): Lookout {
  const { disk, policy, cycle, holdLock, clock, log, everyMs } = parts;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let quietUntil = 0;
  let wasEmergency = false;

  const look = async (): Promise<void> => {
    try {
      await holdLock();
      const filesystems = await disk.read();
      if (!isDiskLow(filesystems, policy)) {
        quietUntil = 0;
        wasEmergency = false;
        return;
      }
      const emergency = isEmergency(filesystems, policy);
      const worsened = emergency && !wasEmergency;
      wasEmergency = emergency;
      if (clock.now() < quietUntil && !worsened) return;
      const { state } = await cycle({ kind: 'check' });
      if (state === 'low' || state === 'emergency') quietUntil = clock.now() + QUIET_MS;
    } catch (error) {
      quietUntil = clock.now() + QUIET_MS;
      log.error({ err: error }, 'A look at the disk failed');
    }
  };
  const next = (): void => {
    timer = setTimeout(() => {
      current = look().then(() => {
        if (timer !== undefined) next();
      });
    }, everyMs);
  };
  return {
    start: next,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
    idle: () => current,
  };
}
