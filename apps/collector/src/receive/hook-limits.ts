import type { FastifyInstance, FastifyRequest } from 'fastify';

const WINDOW_MS = 60_000;
/**
 * Twice the 13,000 a minute that GitLab.com sends at most for one top-level group, so that a limit never costs
 * an event; one process queues some 6,000 a second.
 */
const KNOWN_PER_WINDOW = 26_000;
/** Enough to see in the log that a secret is wrong; a flood is answered without a line each. */
const UNKNOWN_PER_WINDOW = 60;

/** Milliseconds until the sender may come again, or `undefined` while it is within its limit. */
export type Limit = (request: FastifyRequest) => Promise<number | undefined>;

export interface HookLimits {
  /** For senders with the right token, by address. */
  readonly known: Limit;
  /** For senders without it, by address: they cannot use up what GitLab has. */
  readonly unknown: Limit;
}

/** Needs `@fastify/rate-limit` registered; its memory of addresses is bounded (5,000). */
export function createHookLimits(app: FastifyInstance): HookLimits {
  return { known: limit(app, KNOWN_PER_WINDOW), unknown: limit(app, UNKNOWN_PER_WINDOW) };
}

function limit(app: FastifyInstance, max: number): Limit {
  const check = app.createRateLimit({ max, timeWindow: WINDOW_MS });
  return async (request) => {
    const state = await check(request);
    return !state.isAllowed && state.isExceeded ? state.ttl : undefined;
  };
}
