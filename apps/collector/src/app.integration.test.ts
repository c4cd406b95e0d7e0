import { randomBytes } from 'node:crypto';
import { type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import { type Millis, systemClock } from '@sideband/shared/clock';
import type { HostReport, JournalEntry } from '@sideband/shared/hosts/records';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import { silentLog } from '@sideband/shared/log';
import { type HostName, parseSystemId } from '@sideband/shared/names';
import {
  COLLECTOR_PREFIX,
  hostQueue,
  hostQueuePrefix,
  resolveQueue,
} from '@sideband/shared/queues/catalogue';
import { createProducer } from '@sideband/shared/queues/producer';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAccess } from './admin/access.ts';
import { readAdminSecrets } from './admin/secrets.ts';
import { buildApp } from './app.ts';

const HOST = 'builder-1' as HostName;
const NOTICE = { sharesManagerWith: ['builder-2' as HostName], sharesEngineWith: [] };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

interface Collector {
  readonly app: FastifyInstance;
  readonly redis: Redis;
  /** Passwords that were shown. */
  readonly shown: readonly string[];
  logIn(password: string): Promise<{ status: number; cookies: Record<string, string> }>;
}

describe('app on Redis', () => {
  let server: RedisServer;
  let stops: (() => Promise<unknown>)[];

  beforeEach(async () => {
    stops = [];
    server = await startRedis();
    stops.push(() => server.stop());
  });

  afterEach(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  async function connect(): Promise<Redis> {
    const redis = connectRedis(server.url, 'request');
    redis.on('error', () => undefined);
    stops.push(async () => redis.disconnect());
    await redisReady(redis);
    return redis;
  }

  async function startCollector(configured?: string): Promise<Collector> {
    const redis = await connect();
    const shown: string[] = [];
    const onGenerated = (password: string): void => void shown.push(password);
    const options = { configured, random: randomBytes, onGenerated };
    const access = createAccess(() => readAdminSecrets(redis, options), randomBytes);
    const producer = createProducer(resolveQueue, { connection: redis, prefix: COLLECTOR_PREFIX });
    const app = await buildApp({
      proxyDepth: 0,
      pastRead: async () => [
        { instance: 'gitlab.example', projects: { done: 3, total: 7 }, found: 120, reachedAt: 0 },
      ],
      access,
      records: createRedisHostRecords(redis),
      queues: [producer.queue],
      redis,
      hook: async () => undefined,
      clock: systemClock,
      log: silentLog(),
    });
    stops.push(
      () => producer.close(),
      () => app.close(),
    );
    await access.load();
    return {
      app,
      redis,
      shown,
      async logIn(password) {
        const payload = new URLSearchParams({ password }).toString();
        const answer = await app.inject({ method: 'POST', url: '/login', headers: FORM, payload });
        return { status: answer.statusCode, cookies: { sideband: answer.cookies[0]?.value ?? '' } };
      },
    };
  }

  it('generates one password for collectors that start together, and shows it once', async () => {
    const collectors = await Promise.all([startCollector(), startCollector(), startCollector()]);
    const shown = collectors.flatMap((collector) => collector.shown);
    const later = await startCollector();

    expect(shown).toHaveLength(1);
    expect(later.shown).toEqual([]);
    for (const collector of [...collectors, later]) {
      expect((await collector.logIn(shown[0] ?? '')).status).toBe(303);
    }
    expect((await later.logIn('wrong')).status).toBe(401);
  });

  it('keeps the generated password in Redis only as a hash', async () => {
    const { redis, shown } = await startCollector();
    const keys = await redis.keys('*');
    const values = await Promise.all(
      keys.filter((key) => !key.endsWith(':meta')).map((key) => redis.get(key)),
    );

    expect(keys).toContain('{sb:c}:admin');
    expect(values.join('\n')).not.toContain(shown[0] ?? '');
  });

  it('takes a session from one collector at another, with a generated or a configured password', async () => {
    for (const configured of [undefined, 'configured password']) {
      const [one, other] = [await startCollector(configured), await startCollector(configured)];
      const password = configured ?? [...one.shown, ...other.shown][0] ?? '';
      const { cookies } = await one.logIn(password);

      expect((await other.app.inject({ url: '/api/hosts', cookies })).statusCode).toBe(200);
    }
  });

  it('prefers a configured password, and ends the sessions of the one before', async () => {
    const before = await startCollector('first password');
    const { cookies } = await before.logIn('first password');
    const after = await startCollector('second password');

    expect([before.shown, after.shown]).toEqual([[], []]);
    expect((await after.logIn('first password')).status).toBe(401);
    expect((await after.logIn('second password')).status).toBe(303);
    expect((await after.app.inject({ url: '/api/hosts', cookies })).statusCode).toBe(401);
  });

  it('shows hosts, their images and their journal', async () => {
    const collector = await startCollector('pw');
    const { cookies } = await collector.logIn('pw');
    await enrol(await connect());

    const list = await collector.app.inject({ url: '/api/hosts', cookies });
    const detail = await collector.app.inject({ url: `/api/hosts/${HOST}`, cookies });
    const journal = await collector.app.inject({ url: `/api/hosts/${HOST}/journal?limit=1`, cookies });
    const unknown = await collector.app.inject({ url: '/api/hosts/nobody', cookies });
    const past = await collector.app.inject({ url: '/api/back-fill', cookies });

    expect(list.json().hosts).toMatchObject([
      {
        host: HOST,
        systemIds: ['s_0123456789ab'],
        status: { level: 'note', code: 'observing' },
        notice: NOTICE,
        report: {
          ...{ images: 1, evictable: 0, imageBytes: 30 },
          evidence: { kind: 'fresh', asOf: AT },
          warnings: ['It shares a runner manager with builder-2.'],
        },
      },
    ]);
    expect(detail.json().report).toEqual(hostReport());
    expect(journal.json().entries).toEqual([journalEntry(2)]);
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'no-report']);
    expect(past.json().gitlabs).toMatchObject([
      { instance: 'gitlab.example', projects: { done: 3, total: 7 } },
    ]);
  });

  it('shows the queues of the collector and of the hosts, and lets nobody touch them', async () => {
    const collector = await startCollector('pw');
    const { cookies } = await collector.logIn('pw');
    await enrol(collector.redis);
    const hostProducer = createProducer(hostQueue, {
      connection: collector.redis,
      prefix: hostQueuePrefix(HOST),
    });
    stops.push(() => hostProducer.close());
    const id = await hostProducer.add('check', {});

    const page = await collector.app.inject({ url: '/queues', cookies });
    const queues = await collector.app.inject({ url: '/queues/api/queues', cookies });
    const job = await collector.app.inject({
      url: `/queues/api/queues/${encodeURIComponent(`${HOST} reaper`)}/${id}`,
      cookies,
    });
    const pause = await collector.app.inject({ method: 'PUT', url: '/queues/api/queues/pause', cookies });
    const retry = await collector.app.inject({
      method: 'PUT',
      url: `/queues/api/queues/${encodeURIComponent(`${HOST} reaper`)}/${id}/clean`,
      cookies,
    });

    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).toContain('<base href="/queues/"');
    expect(page.headers['content-security-policy']).toContain(
      "script-src 'self';style-src 'self' 'unsafe-inline'",
    );
    expect(queues.json().queues).toMatchObject([
      { name: 'resolve', readOnlyMode: true, counts: { waiting: 0 } },
      { name: `${HOST} reaper`, readOnlyMode: true, counts: { waiting: 1 } },
    ]);
    expect(job.json().job.name).toBe('check');
    expect([pause.statusCode, retry.statusCode]).toEqual([405, 405]);
    expect(await hostProducer.queue.isPaused()).toBe(false);
    expect(await hostProducer.queue.getJob(id)).toBeDefined();
  });

  it('refuses at once what needs Redis while Redis is away, and serves it when it is back', async () => {
    const collector = await startCollector('pw');
    const { cookies } = await collector.logIn('pw');
    await server.stop();
    await until('the connection to be gone', async () => collector.redis.status !== 'ready');

    expect((await collector.app.inject({ url: '/api/hosts', cookies })).statusCode).toBe(503);
    expect((await collector.app.inject({ url: '/queues/api/queues', cookies })).statusCode).toBe(503);
    expect((await collector.app.inject({ url: '/health' })).statusCode).toBe(200);
    expect((await collector.app.inject({ url: '/', cookies })).statusCode).toBe(200);

    server = await startRedis({ port: server.port });
    await until('the connection to be back', async () => collector.redis.status === 'ready');
    expect((await collector.app.inject({ url: '/api/hosts', cookies })).json().hosts).toEqual([]);
  });
});

async function enrol(redis: Redis): Promise<void> {
  const records = createRedisHostRecords(redis);
  const systemId = parseSystemId('s_0123456789ab');
  const seenAt = systemClock.now();
  const systemIds = systemId.ok ? [systemId.value] : [];
  await records.register({ host: HOST, uuid: 'u', systemIds, seenAt, mode: 'observe', engine: 'boot' });
  await records.notify(HOST, NOTICE);
  await records.publishReport(hostReport());
  await records.appendJournal(HOST, [journalEntry(1), journalEntry(2)]);
}

const AT = Date.now() as Millis;

function hostReport(): HostReport {
  const lastUse = { lastUseAt: AT - 60_000, lastUseSource: 'trace', lastUseJob: 'gitlab.example/42/1' };
  const image = {
    id: `sha256:${'a'.repeat(64)}`,
    names: ['docker.io/library/<b>:1'],
    bytes: 30,
    ownBytes: 30,
  };
  return {
    host: HOST,
    at: AT,
    mode: 'observe',
    engine: 'docker 20.10.24',
    filesystems: [{ path: '/', totalBytes: 100, freeBytes: 50, startBytes: 10, stopBytes: 20 }],
    evidence: { kind: 'fresh', asOf: AT, isWatching: true, disagreements: 0 },
    warnings: ['It shares a runner manager with builder-2.'],
    imageBytes: 30,
    budgetBytes: null,
    state: 'observing',
    images: [{ ...image, ...lastUse, verdict: 'keep', reason: 'room-enough', explanation: 'It stays.' }],
  };
}

function journalEntry(nth: number): JournalEntry {
  return {
    at: AT + nth,
    host: HOST,
    outcome: 'would-evict',
    image: `sha256:${'b'.repeat(64)}`,
    names: ['docker.io/library/ruby:3.3'],
    bytes: 10,
    lastUseAt: null,
    reason: 'disk-low',
    explanation: 'It goes.',
    freeBytesAfter: 50,
  };
}
