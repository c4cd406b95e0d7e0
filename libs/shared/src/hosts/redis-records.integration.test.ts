import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Millis } from '../clock.ts';
import { hostKeys } from '../evidence/keys.ts';
import type { HostName, SystemId } from '../names.ts';
import { connectRedis, redisReady } from '../redis.ts';
import type { HostReport, JournalEntry, Registration } from './records.ts';
import { createRedisHostRecords } from './redis-records.ts';

const ALPHA = 'alpha.example' as HostName;
const BETA = 'beta' as HostName;
const NOON = 1_795_262_400_000 as Millis;

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, 'request');
  redis.on('error', () => undefined);
  await redisReady(redis);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

beforeEach(async () => {
  await redis.flushall();
});

function registration(host: HostName): Registration {
  const systemIds = ['s_0123456789ab' as SystemId];
  return { host, uuid: '0b2c', systemIds, seenAt: NOON, mode: 'observe' };
}

function report(host: HostName): HostReport {
  return {
    host,
    at: NOON,
    mode: 'observe',
    engine: 'in-memory',
    filesystems: [{ path: '/data', totalBytes: 10, freeBytes: 5, startBytes: 1, stopBytes: 2 }],
    imageBytes: 5,
    budgetBytes: null,
    state: 'idle',
    images: [],
  };
}

function entry(at: number, image: string): JournalEntry {
  return {
    at,
    host: ALPHA,
    outcome: 'evicted',
    image,
    names: [],
    bytes: 1,
    lastUseAt: null,
    reason: 'oldest',
    explanation: 'Nobody used it',
    freeBytesAfter: 2,
  };
}

describe('host records in Redis', () => {
  test('every host that registered is found, and forgotten after a day', async () => {
    const records = createRedisHostRecords(redis);
    expect(await records.registrations()).toEqual([]);
    await records.register({ ...registration(ALPHA), seenAt: (NOON - 1) as Millis });
    await records.register(registration(ALPHA));
    await records.register(registration(BETA));
    await redis.set('{sb:h:x}:registration:more', 'none of ours');
    const found = await records.registrations();
    expect(new Set(found)).toEqual(new Set([registration(ALPHA), registration(BETA)]));
    expect((await redis.pttl(hostKeys(ALPHA).registration)) / 3_600_000).toBeCloseTo(24, 1);
  });

  test('a host cannot speak for another, and a bad system id is dropped alone', async () => {
    const records = createRedisHostRecords(redis);
    await redis.set(hostKeys(ALPHA).registration, JSON.stringify(registration(BETA)));
    await redis.set(hostKeys(ALPHA).report, JSON.stringify(report(BETA)));
    await redis.set('{sb:h:UPPER}:registration', JSON.stringify(registration('UPPER' as HostName)));
    const systemIds = ['s_0123456789ab', '*'];
    await redis.set(hostKeys(BETA).registration, JSON.stringify({ ...registration(BETA), systemIds }));
    expect(await records.registrations()).toEqual([registration(BETA)]);
    expect(await records.report(ALPHA)).toBeUndefined();
  });

  test('the last report is kept for a day', async () => {
    const records = createRedisHostRecords(redis);
    expect(await records.report(ALPHA)).toBeUndefined();
    await records.publishReport(report(ALPHA));
    await records.publishReport({ ...report(ALPHA), state: 'low' });
    expect(await records.report(ALPHA)).toEqual({ ...report(ALPHA), state: 'low' });
    expect((await redis.pttl(hostKeys(ALPHA).report)) / 3_600_000).toBeCloseTo(24, 1);
    await redis.set(hostKeys(ALPHA).report, '{"host":');
    expect(await records.report(ALPHA)).toBeUndefined();
    await expect(records.publishReport({ ...report(ALPHA), host: 'a}b' })).rejects.toThrow('is no host name');
  });

  test('the journal is newest first, says a thing once, and keeps 5,000 entries', async () => {
    const records = createRedisHostRecords(redis);
    const early = entry(1, 'late delivery');
    const entries = Array.from({ length: 5_010 }, (_, index) => entry(index + 2, `image ${index}`));
    await records.appendJournal(ALPHA, entries);
    await records.appendJournal(ALPHA, [early, ...entries.slice(-3)]);
    await records.appendJournal(ALPHA, []);
    expect(await records.journal(ALPHA, 2)).toEqual(entries.slice(-2).reverse());
    expect(await records.journal(ALPHA, 10_000)).toHaveLength(5_000);
    expect(await records.journal(ALPHA, 0)).toEqual([]);
    expect(await records.journal(BETA, 10)).toEqual([]);
    expect((await redis.pttl(hostKeys(ALPHA).journal)) / 86_400_000).toBeCloseTo(90, 1);
  });

  test('a broken entry of the journal is left out', async () => {
    const records = createRedisHostRecords(redis);
    await records.appendJournal(ALPHA, [entry(1, 'one')]);
    await redis.zadd(
      hostKeys(ALPHA).journal,
      2,
      'rubbish',
      3,
      JSON.stringify({ ...entry(3, 'x'), host: BETA }),
    );
    expect(await records.journal(ALPHA, 10)).toEqual([entry(1, 'one')]);
  });

  test('they fail with REDIS_UNAVAILABLE while Redis is away', async () => {
    const own = await startRedis();
    const client = connectRedis(own.url, 'request');
    client.on('error', () => undefined);
    await redisReady(client);
    const records = createRedisHostRecords(client);
    await own.stop();
    const unavailable = { code: 'REDIS_UNAVAILABLE' };
    await expect(records.register(registration(ALPHA))).rejects.toMatchObject(unavailable);
    await expect(records.registrations()).rejects.toMatchObject(unavailable);
    await expect(records.appendJournal(ALPHA, [entry(1, 'one')])).rejects.toMatchObject(unavailable);
    client.disconnect();
  });
});
