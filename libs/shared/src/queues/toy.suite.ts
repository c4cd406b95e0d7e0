import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import * as z from 'zod/mini';
import { connectRedis, redisReady } from '../redis.ts';
import { defineQueue } from './define.ts';

/** A queue for tests: it divides. */
export const toyQueue = defineQueue('toy', {
  divide: {
    payload: z.object({ dividend: z.number(), divisor: z.number() }),
    result: z.object({ quotient: z.number() }),
    attempts: 3,
    backoffMs: 20,
  },
  once: { payload: z.object({}), result: z.object({ attempt: z.number() }), attempts: 1, backoffMs: 0 },
});

export const TOY_PREFIX = '{sb:toy}';

/** A Redis for a test file, emptied before each test, with a client for producers and one for workers. */
export function withToyRedis(): {
  readonly server: RedisServer;
  readonly request: Redis;
  readonly forWorkers: Redis;
} {
  const parts: { server?: RedisServer; request?: Redis; forWorkers?: Redis } = {};
  beforeAll(async () => {
    const server = await startRedis();
    const request = connectRedis(server.url, 'request');
    const forWorkers = connectRedis(server.url, 'worker');
    await Promise.all([redisReady(request), redisReady(forWorkers)]);
    Object.assign(parts, { server, request, forWorkers });
  });
  afterAll(async () => {
    parts.request?.disconnect();
    parts.forWorkers?.disconnect();
    await parts.server?.stop();
  });
  beforeEach(async () => {
    await parts.request?.flushall();
  });
  return parts as Required<typeof parts>;
}
