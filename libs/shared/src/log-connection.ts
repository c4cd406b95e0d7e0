import type { Redis } from 'ioredis';
import { errorText } from './errors.ts';
import type { Log } from './log.ts';

/** Says once when Redis goes away and once when it comes: the client itself reports every attempt. */
export function logConnection(redis: Redis, role: string, log: Log): void {
  let away = false;
  redis.on('error', (error) => {
    if (!away) log.warn({ role, reason: errorText(error) }, 'Redis cannot be reached; trying again');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info({ role }, 'Redis is back');
    away = false;
  });
}
