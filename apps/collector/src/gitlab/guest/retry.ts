import { isSidebandError } from '@sideband/shared/errors';

const TRIES = 3;
const SHORTEST_MS = 200;
const LONGEST_MS = 2_000;
/** A gateway whose GitLab is just being restarted. */
const GATEWAY = new Set<unknown>([502, 503, 504]);
/** With these no connection came about, so nothing was sent. */
const NOTHING_SENT = new Set<unknown>(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

export interface RetryParts {
  readonly pause: (milliseconds: number) => Promise<unknown>;
  readonly random: () => number;
  /** Asked before each further try. */
  readonly isWorthIt: () => boolean;
}

/**
 * The only place where a request is tried again: up to twice, after pauses with decorrelated jitter of 0.2 to 2 s.
 * Whatever needs longer is the queue's.
 */
export async function withRetries<T>(
  method: string,
  attempt: () => Promise<T>,
  { pause, random, isWorthIt }: RetryParts,
): Promise<T> {
  let pauseMs = SHORTEST_MS;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === TRIES || !mayHelp(method, error) || !isWorthIt()) throw error;
    }
    pauseMs = Math.min(LONGEST_MS, SHORTEST_MS + random() * (3 * pauseMs - SHORTEST_MS));
    await pause(Math.round(pauseMs));
  }
}

/** Only a GET may be sent twice: the first of two that were sent may have been done. */
function mayHelp(method: string, error: unknown): boolean {
  if (!isSidebandError(error, 'GITLAB_UNAVAILABLE')) return false;
  const { reason, status, code } = error.details;
  if (method !== 'GET') return NOTHING_SENT.has(code);
  if (reason === 'network' || reason === 'time-out') return true;
  // With a wait that GitLab itself asked for, the queue waits.
  return GATEWAY.has(status) && error.retryAfterMs === undefined;
}
