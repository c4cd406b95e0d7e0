import type { Redis } from 'ioredis';
import type { Millis } from './clock.ts';

/** Redis's own clock. Throws what the client throws. */
export async function redisTime(redis: Redis): Promise<Millis> {
  const [seconds, microseconds] = await redis.time();
  return (Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)) as Millis;
}
