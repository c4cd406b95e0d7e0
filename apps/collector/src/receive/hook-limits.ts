import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hookPath } from './hook-secret.ts';
import type { HookAddress } from './hook-source.ts';

const WINDOW_MS = 60_000;
/**
 * Twice the 13,000 a minute that GitLab.com sends at most for one top-level group, so that a limit never costs
 * an event; one process queues some 2,000 a second.
 */
const KNOWN_PER_WINDOW = 26_000;
/** Enough to see in the log that a secret is wrong; a flood is answered without a line each. */
const UNKNOWN_PER_WINDOW = 60;

/** Milliseconds until the sender may come again, or `undefined` while it is within its limit. */
type TimeLeft = Promise<number | undefined>;

export interface HookLimits {
  /** For authenticated senders, by the hook they are: one project cannot use up what the others have. */
  known(request: FastifyRequest, hook: HookAddress): TimeLeft;
  /** For senders that are not, by address: they cannot use up what GitLab has. */
  unknown(request: FastifyRequest): TimeLeft;
  /** The same limit, looked at and not counted. */
  isUnknownOver(request: FastifyRequest): TimeLeft;
}

/** Needs `@fastify/rate-limit` registered; its memory of senders is bounded (5,000 of each kind). */
export function createHookLimits(app: FastifyInstance): HookLimits {
  const hooks = new WeakMap<FastifyRequest, string>();
  const keyGenerator = (request: FastifyRequest): string => hooks.get(request) ?? '';
  const known = app.createRateLimit({ max: KNOWN_PER_WINDOW, timeWindow: WINDOW_MS, keyGenerator });
  const unknown = app.createRateLimit({ max: UNKNOWN_PER_WINDOW, timeWindow: WINDOW_MS });
  return {
    async known(request, { instance, source }) {
      hooks.set(request, hookPath(instance, source));
      return timeLeft(await known(request));
    },
    unknown: async (request) => timeLeft(await unknown(request)),
    async isUnknownOver(request) {
      const state = await unknown(request, { increment: false });
      // What was counted is at the limit, so one more would be over it.
      return !state.isAllowed && state.remaining === 0 ? state.ttl : undefined;
    },
  };
}

type Limiter = ReturnType<FastifyInstance['createRateLimit']>;

function timeLeft(state: Awaited<ReturnType<Limiter>>): number | undefined {
  return !state.isAllowed && state.isExceeded ? state.ttl : undefined;
}
