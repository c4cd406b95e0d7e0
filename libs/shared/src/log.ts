import { type Logger, pino } from 'pino';
import { errorText, SidebandError } from './errors.ts';

export type Log = Logger;

/**
 * JSON, one line an event, to stderr. Errors are reduced to what is safe to show: gitbeaker, for one, hangs
 * the live request with its token on the error it throws.
 */
export function createLog(name: string, level = 'info'): Log {
  return pino(
    {
      name,
      level,
      base: { name },
      serializers: { err: safeError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

export function silentLog(): Log {
  return pino({ level: 'silent' });
}

function safeError(error: unknown): Record<string, unknown> {
  if (error instanceof SidebandError) {
    const { code, message, remedy, retry, details } = error;
    const cause = error.cause === undefined ? undefined : errorText(error.cause);
    return { code, message, remedy, retry, details, cause };
  }
  if (error instanceof Error) return { type: error.name, message: error.message, stack: error.stack };
  return { message: String(error) };
}
