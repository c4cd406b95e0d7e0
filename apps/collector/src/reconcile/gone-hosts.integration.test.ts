import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import { ManualClock, type Millis } from '@sideband/shared/clock';
import { hostKeys } from '@sideband/shared/evidence/keys';
import type { Identity } from '@sideband/shared/evidence/model';
import { createRedisEvidenceStore } from '@sideband/shared/evidence/redis-store';
import { createRedisNameLock } from '@sideband/shared/hosts/redis-name-lock';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, InstanceName, JobId, JobKey, ProjectId, SystemId } from '@sideband/shared/names';
import { hostQueue, hostQueuePrefix } from '@sideband/shared/queues/catalogue';
import { createProducer, type Producer } from '@sideband/shared/queues/producer';
import { createWorker } from '@sideband/shared/queues/worker';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGoneHosts, type GoneHosts } from './gone-hosts.ts';

const GONE = 'gone-1' as HostName;
const HERE = 'gone-10' as HostName;
const NOW = Date.UTC(2026, 10, 22) as Millis;
const DAY = 86_400_000;

let server: RedisServer;
let redis: Redis;
let clock: ManualClock;
let goneHosts: GoneHosts;

beforeAll(async () => {
  server = await startRedis();
  redis = await connect('request');
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

beforeEach(async () => {
  await redis.flushall();
  clock = new ManualClock(NOW);
  goneHosts = createGoneHosts(redis, clock, silentLog());
});

async function connect(role: 'request' | 'worker'): Promise<Redis> {
  const client = connectRedis(server.url, role);
  client.on('error', () => undefined);
  await redisReady(client);
  return client;
}

function register(host: HostName): Promise<void> {
  const systemIds = ['s_0123456789ab' as SystemId];
  const about = { uuid: host, systemIds, seenAt: clock.now(), mode: 'observe', engine: 'boot' } as const;
  return createRedisHostRecords(redis).register({ host, ...about });
}

/** All that a reaper and its collector leave in Redis: evidence, records, and a queue with ended, failed and waiting jobs. */
async function live(host: HostName): Promise<void> {
  const store = createRedisEvidenceStore(redis);
  const records = createRedisHostRecords(redis);
  const job: JobKey = { instance: 'gitlab' as InstanceName, project: 7 as ProjectId, job: 1 as JobId };
  const identity = 'docker.io/library/ruby:3.3' as Identity;
  const use = { job, jobName: '', role: 'build', source: 'trace', at: NOW, receivedAt: NOW } as const;
  await store.recordUses(host, [{ ...use, identities: [identity] }]);
  await store.noteRepullable(host, [identity], NOW);
  await store.endJob(host, job, NOW);
  const other = { ...job, job: 2 as JobId };
  await store.lease(host, [
    { job: other, identity, strength: 'confirmed', expiresAt: (NOW + DAY) as Millis },
  ]);
  await store.markFed(host, { at: NOW, instances: new Map() });
  await register(host);
  await records.claimJobs(host, [{ gitlab: 'gitlab.example', project: job.project, job: job.job }], NOW);
  await records.notify(host, { sharesManagerWith: [HERE], sharesEngineWith: [] });
  await records.appendJournal(host, [
    {
      ...{ at: NOW, host, outcome: 'evicted', image: 'sha256:1', names: [], bytes: 1, lastUseAt: null },
      ...{ reason: 'disk-low', explanation: 'It goes.', freeBytesAfter: 1 },
    },
  ]);
  await redis.set(hostKeys(host).report, '{}');
  await work(host);
}

async function work(host: HostName): Promise<void> {
  const prefix = hostQueuePrefix(host);
  const producer = createProducer(hostQueue, { connection: redis, prefix });
  const blocking = await connect('worker');
  const done = { state: 'healthy', planned: 0, bytes: 0, evidence: 'fresh' } as const;
  const handlers = {
    check: async () => ({ ...done, evicted: 0 }),
    plan: async () => done,
    reap: async () => Promise.reject(new Error('The engine is away')),
  };
  const worker = createWorker(hostQueue, handlers, { connection: blocking, prefix, log: silentLog() });
  await producer.schedule('check', 60_000, {});
  await producer.add('reap', {});
  await until('a check and a reap to have ended', async () => {
    const { completed = 0, failed = 0 } = await producer.queue.getJobCounts('completed', 'failed');
    return completed > 0 && failed > 0;
  });
  await worker.close();
  blocking.disconnect();
  await producer.add('plan', {});
  // In hand when its reaper was killed.
  await redis.rpoplpush(`${prefix}:reaper:wait`, `${prefix}:reaper:active`);
  await producer.add('plan', {}, { delayMs: 3_600_000 });
  await producer.add('plan', {});
  await producer.close();
}

/** All keys with the host's tag but the two of BullMQ's that live for seconds only. */
async function lastingKeysOf(host: HostName): Promise<string[]> {
  return (await keysOf(host)).filter((key) => !/:(?:limiter|stalled-check)$/.test(key));
}

async function keysOf(host: HostName): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of redis.scanStream({ match: `{sb:h:${host}}*`, count: 1_000 })) keys.push(...page);
  return keys.sort();
}

/** As its TTL does after a day. */
async function letRegistrationExpire(host: HostName): Promise<void> {
  await redis.del(hostKeys(host).registration);
}

async function opened<T>(
  host: HostName,
  look: (queue: Producer<typeof hostQueue.jobs>['queue']) => Promise<T>,
) {
  const producer = createProducer(hostQueue, { connection: redis, prefix: hostQueuePrefix(host) });
  const seen = await look(producer.queue);
  await producer.close();
  return seen;
}

describe('a host that is gone', () => {
  it('leaves not a single key after seven days, and others lose nothing', async () => {
    await live(GONE);
    await live(HERE);
    const { lock, ...lasting } = hostKeys(GONE);
    expect(await keysOf(GONE)).toEqual(expect.arrayContaining(Object.values(lasting)));
    expect((await keysOf(GONE)).filter((key) => key.includes('}:reaper:')).length).toBeGreaterThan(8);
    const before = await lastingKeysOf(HERE);
    await goneHosts.sweep([GONE, HERE]);

    await letRegistrationExpire(GONE);
    for (let day = 1; day < 7; day += 1) {
      clock.advance(DAY);
      await goneHosts.sweep([HERE]);
    }
    expect(await keysOf(GONE)).toContain(hostKeys(GONE).last);
    clock.advance(DAY);
    await goneHosts.sweep([HERE]);
    expect(await keysOf(GONE)).toEqual([]);
    expect(await lastingKeysOf(HERE)).toEqual(before);
    expect(await redis.zrange('{sb:c}:hosts', 0, '-1')).toEqual(['*', HERE]);
  });

  it('keeps everything while it is registered, or while a reaper holds its name', async () => {
    await live(GONE);
    const before = await lastingKeysOf(GONE);
    await goneHosts.sweep([GONE]);
    for (let day = 0; day < 9; day += 1) {
      clock.advance(DAY);
      await goneHosts.sweep([]);
    }
    expect(await lastingKeysOf(GONE)).toEqual(before);

    await letRegistrationExpire(GONE);
    await createRedisNameLock(redis).hold(GONE, 'a reaper that has just begun');
    await goneHosts.sweep([]);
    expect(await keysOf(GONE)).toContain(hostKeys(GONE).last);
    await createRedisNameLock(redis).release(GONE, 'a reaper that has just begun');
    await goneHosts.sweep([]);
    expect(await keysOf(GONE)).toEqual([]);
  });

  it('is given time to come back when nobody has looked for long', async () => {
    await live(GONE);
    await goneHosts.sweep([GONE]);
    await letRegistrationExpire(GONE);
    clock.advance(30 * DAY);
    await goneHosts.sweep([]);
    expect(await keysOf(GONE)).toContain(hostKeys(GONE).last);

    await register(GONE);
    clock.advance(DAY);
    await goneHosts.sweep([GONE]);
    await letRegistrationExpire(GONE);
    clock.advance(DAY);
    await goneHosts.sweep([]);
    expect(await keysOf(GONE)).toContain(hostKeys(GONE).last);
  });

  it('finds its queue at work when it comes back into a removal that was cut short', async () => {
    await live(GONE);
    await goneHosts.sweep([GONE]);
    await opened(GONE, (queue) => queue.pause());
    clock.advance(8 * DAY);
    await goneHosts.sweep([GONE]);
    expect(await opened(GONE, (queue) => queue.isPaused())).toBe(false);
    expect(await opened(GONE, (queue) => queue.getJobSchedulersCount())).toBe(1);
  });

  it('is removed in a fleet whose hosts come and go by the hour, with no key left', async () => {
    const fleet = Array.from({ length: 48 }, (_, hour) => `vm-${hour}` as HostName);
    for (let hour = 0; hour < 10 * 24; hour += 1) {
      const host = fleet[hour];
      if (host !== undefined) {
        await register(host);
        await createRedisEvidenceStore(redis).markFed(host, { at: clock.now(), instances: new Map() });
        await opened(host, (queue) => queue.add('check', {}));
        await letRegistrationExpire(host);
      }
      await goneHosts.sweep(host === undefined ? [] : [host]);
      clock.advance(3_600_000);
    }
    expect(await redis.keys('{sb:h:*')).toEqual([]);
    expect(await redis.zrange('{sb:c}:hosts', 0, '-1')).toEqual(['*']);
    expect(await redis.pttl('{sb:c}:hosts')).toBeGreaterThan(0);
  });

  it('is an error that says so while Redis is away', async () => {
    const own = await startRedis();
    const client = connectRedis(own.url, 'request');
    client.on('error', () => undefined);
    await redisReady(client);
    await own.stop();
    const unavailable = { code: 'REDIS_UNAVAILABLE' };
    await expect(createGoneHosts(client, clock, silentLog()).sweep([GONE])).rejects.toMatchObject(
      unavailable,
    );
    client.disconnect();
  });
});
