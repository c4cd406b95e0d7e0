import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { askedWaitMs } from './asked-wait.ts';

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
  | 'pagination';

/** What GitLab's answer means when its status is not 2xx. `path` is ours and holds ids only. */
export function statusError(response: Response, path: string, now: Millis): SidebandError {
  const details = { status: response.status, path, ...requestId(response) };
  const retryAfterMs = askedWaitMs(response.headers, now);
  switch (response.status) {
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
  const reason: Reason = isRedirect(response) ? 'redirect' : 'status';
  return new SidebandError(
    'GITLAB_UNAVAILABLE',
    { ...details, reason, ...redirectTarget(response) },
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** An answer with a good status and a body of no use. */
export function bodyError(response: Response, path: string, reason: Reason): SidebandError {
  const details = { status: response.status, path, ...requestId(response), reason };
  return new SidebandError('GITLAB_UNAVAILABLE', details);
}

/** A body that was JSON, but not what GitLab documents. `problem` names fields, not values. */
export function shapeError(path: string, reason: Reason, problem: string): SidebandError {
  return new SidebandError('GITLAB_UNAVAILABLE', { status: 200, path, reason, problem });
}

/**
 * There was no whole answer. What fetch threw is not kept as the cause: only its code (`ECONNREFUSED`, …) is
 * known to hold nothing of the request.
 */
export function connectionError(error: unknown, path: string, timedOut: boolean): SidebandError {
  const reason: Reason = timedOut ? 'time-out' : 'network';
  return new SidebandError('GITLAB_UNAVAILABLE', { path, reason, ...errorCode(error) });
}

function errorCode(error: unknown): { code?: string } {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? { code } : {};
}

function requestId(response: Response): { requestId?: string } {
  const id = response.headers.get('x-request-id');
  return id !== null && /^[\w.-]+$/.test(id) ? { requestId: id.slice(0, REQUEST_ID_LIMIT) } : {};
}

function isRedirect(response: Response): boolean {
  return response.status >= 300 && response.status < 400;
}

/** Only the origin: it tells a wrong scheme or host, and the rest of an address may hold a secret. */
function redirectTarget(response: Response): { redirectedTo?: string } {
  const location = response.headers.get('location');
  if (!isRedirect(response) || location === null || !URL.canParse(location)) return {};
  return { redirectedTo: new URL(location).origin };
}
