import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import type { Redis } from 'ioredis';
import { connectRedis, redisReady } from './redis.ts';

export interface OwnRedis {
  /** May be stopped before `close`. */
  readonly server: RedisServer;
  readonly redis: Redis;
  close(): Promise<void>;
}

/** A Redis of a test's own, and a client of it. */
export async function openRedis(): Promise<OwnRedis> {
  const server = await startRedis();
  const redis = connectRedis(server.url, 'request');
  // A client without a listener throws when its server goes.
  redis.on('error', () => undefined);
  await redisReady(redis);
  const close = async (): Promise<void> => {
    redis.disconnect();
    await server.stop();
  };
  return { server, redis, close };
}
