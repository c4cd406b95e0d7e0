import type { Millis } from '@sideband/shared/clock';

/** However long GitLab asks: a wrong clock there must not silence us for a day. */
const LONGEST_WAIT_MS = 3_600_000;
/** `Retry-After: 0` would otherwise make the queue spin. */
const SHORTEST_WAIT_MS = 1_000;

type Headers = Readonly<Record<string, string>>;

/**
 * Milliseconds the answer asks us to wait: `Retry-After` as seconds or as an HTTP date, else
 * `RateLimit-Reset` (Unix seconds). `undefined` if neither can be read.
 */
export function askedWaitMs(headers: Headers, now: Millis): number | undefined {
  return bounded(fromRetryAfter(headers['retry-after'], now) ?? fromReset(headers['ratelimit-reset'], now));
}

/** The same of an answer that was good but the last before the limit; `undefined` if there are more to be had. */
export function exhaustedForMs(headers: Headers, now: Millis): number | undefined {
  return headers['ratelimit-remaining'] === '0'
    ? bounded(fromReset(headers['ratelimit-reset'], now))
    : undefined;
}

function bounded(milliseconds: number | undefined): number | undefined {
  if (milliseconds === undefined) return undefined;
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, milliseconds));
}

function fromRetryAfter(value: string | undefined, now: Millis): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  // Date.parse takes almost anything; an HTTP date is always in GMT.
  const at = / GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at - now;
}

function fromReset(value: string | undefined, now: Millis): number | undefined {
  return value !== undefined && /^\d{1,11}$/.test(value) ? Number(value) * 1_000 - now : undefined;
}
