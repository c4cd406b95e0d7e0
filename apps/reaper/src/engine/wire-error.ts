import { errorText, SidebandError } from '@sideband/shared/errors';
import type { Request } from './dial.ts';

/** Raised where the engine took the request and did not answer in time. It may still be working on it. */
export const NO_ANSWER = 'no answer in time';

const UNREACHABLE: ReadonlySet<unknown> = new Set(
  'ECONNREFUSED ENOENT EACCES EPERM ENOTSOCK ENOTDIR ECONNRESET EPIPE'.split(' '),
);

/** What went wrong between us and the engine, as the port's callers know it. `waitedMs` where time ran out. */
export function wireError(error: unknown, request: Request, waitedMs: number | undefined): SidebandError {
  const details = { call: `${request.method} ${request.path}` };
  if (waitedMs !== undefined)
    return new SidebandError('ENGINE_FAILED', { ...details, reason: NO_ANSWER, waitedMs });
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (UNREACHABLE.has(code)) return new SidebandError('ENGINE_UNAVAILABLE', { ...details, reason: code });
  return new SidebandError('ENGINE_FAILED', { ...details, reason: errorText(error).slice(0, 300) });
}
