import type { HookOutcome } from './hook-outcome.ts';

/** GitLab sends at most 25 MB (`REQUEST_BODY_SIZE_LIMIT`); the rest is for how it counts them. */
export const BODY_LIMIT_BYTES = 26 * 1024 * 1024;
const RETRY_AFTER_MS = 5_000;

/** A hook that is not taken. */
export interface Refused {
  readonly outcome: HookOutcome;
  readonly status: number;
  readonly message: string;
  /** After so many milliseconds the sender may come again. */
  readonly retryAfterMs?: number;
}

/** One answer for every proof that is wrong or missing: it says nothing of which it was. */
export const UNAUTHORIZED: Refused = {
  outcome: 'unauthorized',
  status: 401,
  message: 'the secret token or the signature is missing or wrong',
};
export const NOT_ALLOWED: Refused = {
  outcome: 'not-allowed',
  status: 403,
  message: 'hooks do not come from this address',
};
export const SHED: Refused = {
  outcome: 'shed',
  status: 503,
  message: 'too much is in hand',
  retryAfterMs: RETRY_AFTER_MS,
};
/** Nothing is lost with what nobody vouched for: a stranger must not make us poll GitLab before its time. */
export const SHED_UNPROVEN: Refused = { ...SHED, outcome: 'limited' };
export const TOO_LARGE: Refused = {
  outcome: 'too-large',
  status: 413,
  message: `the body is larger than ${BODY_LIMIT_BYTES} bytes`,
};
export const CUT_OFF: Refused = {
  outcome: 'cut-off',
  status: 400,
  message: 'the body does not arrive as its headers say',
};
export const FAILED: Refused = {
  outcome: 'failed',
  status: 503,
  message: 'the event could not be taken',
  retryAfterMs: RETRY_AFTER_MS,
};
const REPLAYED: Refused = {
  outcome: 'replayed',
  status: 401,
  message: 'this very request was taken before',
};
const WRONG_PROJECT: Refused = {
  outcome: 'wrong-project',
  status: 403,
  message: 'the hook of a project may speak of that project only',
};
const QUEUE_AWAY: Refused = {
  outcome: 'queue-away',
  status: 503,
  message: 'the queue does not answer',
  retryAfterMs: RETRY_AFTER_MS,
};
/** Reconcile finds in its own time what one hook says too much; so it does not count as shed. */
const TELLS_TOO_MUCH: Refused = {
  outcome: 'limited',
  status: 503,
  message: 'this hook tells of too much',
  retryAfterMs: 60_000,
};

/** A sender who is known gets no 4xx for coming too often, since GitLab counts those as the hook's fault. */
export function limited(isKnown: boolean, retryAfterMs: number): Refused {
  return { outcome: 'limited', status: isKnown ? 503 : 429, message: 'too many requests', retryAfterMs };
}

/** Whether what became of an authenticated hook is to be refused, and how. */
export function refusalOf(outcome: HookOutcome): Refused | undefined {
  return [REPLAYED, WRONG_PROJECT, TELLS_TOO_MUCH, QUEUE_AWAY].find((refused) => refused.outcome === outcome);
}
