import type { Clock } from '@sideband/shared/clock';

const WINDOW_MS = 60_000;

export interface RateLimitOptions {
  /** Authenticated requests a minute, over the whole API (Rack::Attack). */
  readonly perMinute?: number;
  /** Requests a minute to `/projects/:id/jobs`, over all projects; GitLab's own default is 600. */
  readonly jobsPerMinute?: number;
}

/** A 429 as GitLab words it. */
export interface Throttled {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the limits say to one request. */
export interface Verdict {
  /** Of every answer while there is a limit over the whole API. */
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal: Throttled | undefined;
}

/** Counts requests in whole minutes of the clock, as Rack::Attack does. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #clock: Clock;
  #window = 0;
  #all = 0;
  #jobs = 0;

  constructor(options: RateLimitOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Counts one request. */
  take(isJobList: boolean): Verdict {
    const now = this.#clock.now();
    const window = Math.floor(now / WINDOW_MS);
    if (window !== this.#window) {
      this.#window = window;
      this.#all = 0;
      this.#jobs = 0;
    }
    this.#all += 1;
    if (isJobList) this.#jobs += 1;
    const { perMinute, jobsPerMinute = Number.POSITIVE_INFINITY } = this.#options;
    const resetAt = (window + 1) * WINDOW_MS;
    const headers = perMinute === undefined ? {} : limitHeaders(perMinute, this.#all, resetAt);
    if (perMinute !== undefined && this.#all > perMinute) {
      const refusal = throttled(perMinute, this.#all, Math.ceil((resetAt - now) / 1_000), resetAt);
      return { headers, refusal };
    }
    return { headers, refusal: isJobList && this.#jobs > jobsPerMinute ? endpointThrottled : undefined };
  }
}

/** Rack::Attack's answer: text, not JSON, with all the headers. Times in milliseconds and whole seconds. */
export function throttled(limit: number, observed: number, retryAfter: number, resetAtMs: number): Throttled {
  return {
    headers: {
      'Content-Type': 'text/plain',
      ...limitHeaders(limit, observed, resetAtMs),
      'RateLimit-ResetTime': new Date(resetAtMs).toUTCString(),
      'Retry-After': String(retryAfter),
    },
    body: 'Retry later\n',
  };
}

function limitHeaders(limit: number, observed: number, resetAtMs: number): Readonly<Record<string, string>> {
  return {
    'RateLimit-Name': 'throttle_authenticated_api',
    'RateLimit-Limit': String(limit),
    'RateLimit-Observed': String(observed),
    'RateLimit-Remaining': String(Math.max(0, limit - observed)),
    'RateLimit-Reset': String(Math.floor(resetAtMs / 1_000)),
  };
}

/** `check_rate_limit!` of a single endpoint: JSON, and no word of when to come back. */
const endpointThrottled: Throttled = {
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({
    message: { error: 'This endpoint has been requested too many times. Try again later.' },
  }),
};
