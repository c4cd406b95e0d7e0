import { type Clock, msLeft } from '@sideband/shared/clock';
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
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs: number;
}): Lookout {
  const { disk, policy, cycle, clock, log, everyMs } = parts;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let quietSince: number | undefined;
  let wasEmergency = false;

  const isQuiet = (): boolean => msLeft(quietSince, QUIET_MS, clock) > 0;
  const look = async (): Promise<void> => {
    try {
      const filesystems = await disk.read();
      if (!isDiskLow(filesystems, policy)) {
        quietSince = undefined;
        wasEmergency = false;
        return;
      }
      const emergency = isEmergency(filesystems, policy);
      const worsened = emergency && !wasEmergency;
      wasEmergency = emergency;
      if (isQuiet() && !worsened) return;
      const { state } = await cycle({ kind: 'check' });
      if (state === 'low' || state === 'emergency') quietSince = clock.now();
    } catch (error) {
      quietSince = clock.now();
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
