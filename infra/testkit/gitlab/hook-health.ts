import type { Millis } from '@sideband/shared/clock';
import type { Features } from './features.ts';

// `WebHooks::AutoDisabling`.
const TOLERATED_FAILURES = 3;
const PERMANENT_AFTER = 39;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 86_400_000;

/** How a hook has fared. */
export interface HookHealth {
  /** In a row. */
  readonly recentFailures: number;
  /** Of the last pause, which may be over. */
  readonly disabledUntil: Millis | undefined;
  /** For good. */
  readonly disabled: boolean;
}

export type AlertStatus = 'executable' | 'temporarily_disabled' | 'disabled';

export const healthy: HookHealth = { recentFailures: 0, disabledUntil: undefined, disabled: false };

export function alertStatus(health: HookHealth, now: Millis): AlertStatus {
  if (health.disabled) return 'disabled';
  const isPaused = health.disabledUntil !== undefined && health.disabledUntil >= now;
  return isPaused ? 'temporarily_disabled' : 'executable';
}

/** `status` is undefined where there was no answer. A hook that is paused does not get worse. */
export function healthAfter(
  health: HookHealth,
  status: number | undefined,
  now: Millis,
  features: Features,
): HookHealth {
  if (status !== undefined && status >= 200 && status < 400) return healthy;
  if (alertStatus(health, now) !== 'executable') return health;
  const recentFailures = health.recentFailures + 1;
  const worse = { ...health, recentFailures };
  if (recentFailures <= TOLERATED_FAILURES) return worse;
  if (isForGood(recentFailures, status, features)) return { ...worse, disabled: true };
  const pause = Math.min(
    FIRST_PAUSE_MS * 2 ** (health.recentFailures - TOLERATED_FAILURES),
    LONGEST_PAUSE_MS,
  );
  return { ...worse, disabledUntil: (now + pause) as Millis };
}

function isForGood(failures: number, status: number | undefined, features: Features): boolean {
  if (features.has('gradualDisabling')) return failures > PERMANENT_AFTER;
  return status !== undefined && status >= 400 && status < 500;
}
