import { errorText, isSidebandError, SidebandError } from './errors.ts';

/**
 * Runs something that asks Redis and nothing else. Whatever it fails with (no connection, a time-out, or
 * Redis's own refusal, such as OOM or READONLY) becomes `REDIS_UNAVAILABLE`, with Redis's words in `details`.
 */
export async function callRedis<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (isSidebandError(cause)) throw cause;
    throw new SidebandError('REDIS_UNAVAILABLE', { answer: errorText(cause) }, { cause });
  }
}
