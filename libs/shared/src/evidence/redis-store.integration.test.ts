import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Millis } from '../clock.ts';
import { connectRedis, redisReady } from '../redis.ts';
import { hostKeys, managerKeys } from './keys.ts';
import { createMemoryEvidenceStore } from './memory-store.ts';
import type { Identity, Use } from './model.ts';
import { createRedisEvidenceStore } from './redis-store.ts';
import { describeEvidenceStore } from './store.suite.ts';
import { DEFAULT_BOUNDS } from './store.ts';
import { apply, freshPlace, jobKey, NOON, observe, storeEvent } from './store-events.suite.ts';

let server: RedisServer;
let redis: Redis;

async function connect(): Promise<Redis> {
  const client = connectRedis(server.url, 'request');
  client.on('error', () => undefined);
  await redisReady(client);
  return client;
}

beforeAll(async () => {
  server = await startRedis();
  redis = await connect();
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

describeEvidenceStore('the evidence in Redis', (bounds) => createRedisEvidenceStore(redis, bounds), 10_000);

function use(job: number, identities: readonly string[]): Use {
  const key = jobKey(job);
  const known = identities as readonly Identity[];
  return {
    job: key,
    jobName: 'rspec',
    role: 'build',
    identities: known,
    at: NOON,
    receivedAt: NOON,
    source: 'trace',
  };
}

describe('the evidence in Redis beside its twin', () => {
  let places = 20_000;

  test('the same events give the same answers and the same evidence', async () => {
    const bounds = { ...DEFAULT_BOUNDS, identities: 3, uses: 4, leases: 3, parked: 2 };
    await fc.assert(
      fc.asyncProperty(fc.array(storeEvent, { maxLength: 12 }), async (events) => {
        places += 1;
        const place = freshPlace(places);
        const inRedis = createRedisEvidenceStore(redis, bounds);
        const inMemory = createMemoryEvidenceStore(bounds);
        for (const [index, event] of events.entries()) {
          expect(await apply(inRedis, place, event)).toEqual(await apply(inMemory, place, event));
          const now = (NOON + index * 300_000) as Millis;
          expect(await observe(inRedis, place, now)).toEqual(await observe(inMemory, place, now));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the evidence in Redis: its keys', () => {
  const place = freshPlace(30_000);
  const [host] = place.hosts;
  const [manager] = place.managers;
  beforeEach(async () => {
    await redis.flushall();
  });

  test('each lies in its host’s or manager’s slot and goes away when idle', async () => {
    const store = createRedisEvidenceStore(redis);
    await store.recordUses(host, [use(1, ['a:1'])]);
    await store.noteRepullable(host, ['a:1' as Identity], NOON);
    const expiresAt = (NOON + 1) as Millis;
    const identity = 'a:1' as Identity;
    await store.lease(host, [{ job: jobKey(1), identity, strength: 'predicted', expiresAt }]);
    await store.endJob(host, jobKey(2), NOON);
    await store.markFed(host, { at: NOON, instances: new Map() });
    await store.park(manager, [use(1, ['a:1'])]);
    const { last, provenance, uses, repullable, leases, ended, fed } = hostKeys(host);
    const expected = [last, provenance, uses, repullable, leases, ended, fed, managerKeys(manager).parked];
    const keys = await redis.keys('*');
    expect(keys.sort()).toEqual(expected.sort());
    for (const key of keys) {
      expect(key.startsWith(`{sb:h:${host}}:`) || key.startsWith(`{sb:m:${manager}}:`)).toBe(true);
      const days = (await redis.pttl(key)) / 86_400_000;
      expect(days).toBeCloseTo(key === ended ? 2 : 7, 2);
    }
  });

  test('what is not understood is left out, and is replaced by what comes', async () => {
    const store = createRedisEvidenceStore(redis);
    await store.recordUses(host, [use(1, ['a:1', 'b:1'])]);
    await redis.hset(hostKeys(host).provenance, 'a:1', 'rubbish', 'not an identity', 'x', 'c:1', '{}');
    await redis.zadd(
      hostKeys(host).uses,
      1,
      'rubbish',
      2,
      'gitlab.example 7 1 2 pilot a:1',
      3,
      '- 0 0 2 build a:1',
    );
    await redis.zadd(hostKeys(host).fed, NOON, 'rubbish');
    await redis.zadd(hostKeys(host).leases, NOON + 1, 'rubbish');
    await redis.zadd(hostKeys(host).repullable, 1, 'a\nb', 2, 'a:1');
    await redis.zadd(managerKeys(manager).parked, 1, 'rubbish', 2, '[]');
    await store.park(manager, [use(2, ['d:1'])]);
    expect([...(await store.lastUses(host)).keys()]).toEqual(['b:1']);
    expect(await store.recordedUses(host, 10)).toHaveLength(1);
    expect(await store.leases(host, NOON)).toEqual([]);
    expect(await store.fed(host)).toBeUndefined();
    expect(await store.repullable(host)).toEqual(new Set(['a:1']));
    expect(await store.unpark(manager, [host])).toBe(1);
    expect(await redis.exists(managerKeys(manager).parked)).toBe(0);
    await store.recordUses(host, [use(1, ['a:1'])]);
    expect((await store.lastUses(host)).get('a:1' as Identity)?.at).toBe(NOON);
  });

  test('more than one batch and more than one page come back whole', async () => {
    const store = createRedisEvidenceStore(redis);
    const many = Array.from({ length: 6_000 }, (_, index) => use(index + 1, [`image:${index}`]));
    expect(await store.recordUses(host, many)).toEqual({ moved: 6_000, clockAhead: 0 });
    expect((await store.lastUses(host)).size).toBe(6_000);
    expect(await store.recordedUses(host, 10_000)).toHaveLength(6_000);
  });
});

describe('the evidence while Redis is away', () => {
  test('every verb fails with REDIS_UNAVAILABLE at once, and works again afterwards', async () => {
    const own = await startRedis();
    const client = connectRedis(own.url, 'request');
    client.on('error', () => undefined);
    await redisReady(client);
    const store = createRedisEvidenceStore(client);
    const { hosts, managers } = freshPlace(40_000);
    const [host] = hosts;
    const [manager] = managers;
    await store.recordUses(host, [use(1, ['a:1'])]);
    await own.stop();

    const before = performance.now();
    const verbs = [
      () => store.recordUses(host, [use(1, ['a:1'])]),
      () => store.lastUses(host),
      () => store.recordedUses(host, 1),
      () => store.noteRepullable(host, ['a:1' as Identity], NOON),
      () => store.repullable(host),
      () =>
        store.lease(host, [
          { job: jobKey(1), identity: 'a:1' as Identity, strength: 'predicted', expiresAt: NOON },
        ]),
      () => store.leases(host, NOON),
      () => store.endJob(host, jobKey(1), NOON),
      () => store.markFed(host, { at: NOON, instances: new Map() }),
      () => store.fed(host),
      () => store.park(manager, [use(1, ['a:1'])]),
      () => store.unpark(manager, [host]),
    ];
    for (const verb of verbs) await expect(verb()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    expect(performance.now() - before).toBeLessThan(2_000);

    const again = await startRedis({ port: own.port });
    // The new server has none of the scripts.
    const outcome = await until('the store to work again', () => store.recordUses(host, [use(1, ['a:1'])]));
    expect(outcome.moved).toBe(1);
    client.disconnect();
    await again.stop();
  });
});
