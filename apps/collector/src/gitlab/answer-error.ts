import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { askedWaitMs } from './asked-wait.ts';
import type { AnswerHead } from './guest/answer.ts';

const DEFAULT_WAIT_MS = 60_000;
const REQUEST_ID_LIMIT = 100;

/** Why an answer, or its absence, was of no use. Stable: for logs and documents. */
type Reason =
  | 'status'
  | 'redirect'
  | 'network'
  | 'time-out'
  | 'not-json'
  | 'not-a-log'
  | 'malformed'
  | 'too-large'
  | 'encoding'
  | 'pagination';

/** What GitLab's answer means when its status is not 2xx. `path` is ours and holds ids only. */
export function statusError(answer: AnswerHead, path: string, now: Millis): SidebandError {
  const details = { status: answer.status, path, ...requestId(answer) };
  const retryAfterMs = askedWaitMs(answer.headers, now);
  switch (answer.status) {
    case 401:
    case 403:
      return new SidebandError('GITLAB_REFUSED', details);
    case 404:
      return new SidebandError('GITLAB_NOT_FOUND', details);
    case 429:
      return new SidebandError('GITLAB_RATE_LIMITED', details, {
        retryAfterMs: retryAfterMs ?? DEFAULT_WAIT_MS,
      });
  }
  const reason: Reason = isRedirect(answer) ? 'redirect' : 'status';
  return new SidebandError(
    'GITLAB_UNAVAILABLE',
    { ...details, reason, ...redirectTarget(answer) },
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** An answer with a good status and a body of no use. */
export function bodyError(answer: AnswerHead, path: string, reason: Reason): SidebandError {
  const details = { status: answer.status, path, ...requestId(answer), reason };
  return new SidebandError('GITLAB_UNAVAILABLE', details);
}

/** A body that was JSON, but not what GitLab documents. `problem` names fields, not values. */
export function shapeError(path: string, reason: Reason, problem: string): SidebandError {
  return new SidebandError('GITLAB_UNAVAILABLE', { status: 200, path, reason, problem });
}

/**
 * There was no whole answer. What was thrown is not kept as the cause: only its code (`ECONNREFUSED`, …) and the
 * status of a proxy that refused are known to hold nothing of the request.
 */
export function connectionError(error: unknown, path: string, timedOut: boolean): SidebandError {
  const reason: Reason = timedOut ? 'time-out' : 'network';
  return new SidebandError('GITLAB_UNAVAILABLE', {
    path,
    reason,
    ...errorCode(error),
    ...proxyStatus(error),
  });
}

/** Nothing was sent: GitLab failed so often that it is left alone until `retryAfterMs` have passed. */
export function circuitError(path: string, retryAfterMs: number): SidebandError {
  return new SidebandError('GITLAB_UNAVAILABLE', { path, reason: 'circuit-open' }, { retryAfterMs });
}

/** Nothing was sent: our own budget of requests has none left for so long. */
export function budgetError(path: string, retryAfterMs: number): SidebandError {
  return new SidebandError('GITLAB_RATE_LIMITED', { path, reason: 'budget' }, { retryAfterMs });
}

function errorCode(error: unknown): { code?: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? { code } : {};
}

/** undici says what a proxy answered to CONNECT only in the text of its error. */
function proxyStatus(error: unknown): { proxyStatus?: number } {
  const status = /^Proxy response \((\d{3})\)/.exec(error instanceof Error ? error.message : '')?.[1];
  return status === undefined ? {} : { proxyStatus: Number(status) };
}

function requestId(answer: AnswerHead): { requestId?: string } {
  const id = answer.headers['x-request-id'];
  return id !== undefined && /^[\w.-]+$/.test(id) ? { requestId: id.slice(0, REQUEST_ID_LIMIT) } : {};
}

function isRedirect(answer: AnswerHead): boolean {
  return answer.status >= 300 && answer.status < 400;
}

/** Only the origin: it tells a wrong scheme or host, and the rest of an address may hold a secret. */
function redirectTarget(answer: AnswerHead): { redirectedTo?: string } {
  const location = answer.headers['location'];
  if (!isRedirect(answer) || location === undefined || !URL.canParse(location)) return {};
  return { redirectedTo: new URL(location).origin };
}
