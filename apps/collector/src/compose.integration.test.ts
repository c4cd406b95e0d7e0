import { randomBytes } from 'node:crypto';
import { freePort, type RedisServer, startRedis } from '@sideband/infra/testkit/redis';
import { until } from '@sideband/infra/testkit/until';
import { systemClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { COLLECTOR_PREFIX, resolveQueueOf } from '@sideband/shared/queues/catalogue';
import { createProducer } from '@sideband/shared/queues/producer';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Collector, compose } from './compose.ts';
import { readConfig } from './config.ts';
import { hookPath, hookToken } from './receive/hook-secret.ts';

const SECRET = 'hook-secret-0123456789abcdef0123456789';
const INSTANCE = 'gitlab.example' as InstanceName;
const SOURCE = { kind: 'project', project: 42 as ProjectId } as const;
const jobHook = {
  object_kind: 'build',
  build_id: 7,
  build_status: 'success',
  project_id: 42,
};

describe('collector', () => {
  let port: number;
  let server: RedisServer | undefined;
  let collector: Collector;
  let shown: string[];

  beforeEach(async () => {
    port = await freePort();
    shown = [];
    const config = readConfig(
      {
        SIDEBAND_REDIS: `redis://127.0.0.1:${port}`,
        SIDEBAND_GITLAB_URL: 'http://127.0.0.1:1',
        SIDEBAND_GITLAB_NAME: 'gitlab.example',
        SIDEBAND_GITLAB_TOKEN: 'glpat-not-a-token-000',
        SIDEBAND_HOOK_SECRET: SECRET,
      },
      () => '',
    );
    collector = await compose(config, {
      clock: systemClock,
      random: randomBytes,
      log: silentLog(),
      showPassword: (password) => void shown.push(password),
    });
  });

  afterEach(async () => {
    await collector.close();
    await server?.stop();
    server = undefined;
  });

  function hook(): Promise<LightMyRequestResponse> {
    const token = hookToken(SECRET, INSTANCE, SOURCE);
    const headers = { 'x-gitlab-token': token, 'x-gitlab-event': 'Job Hook' };
    const url = hookPath(INSTANCE, SOURCE);
    return collector.app.inject({ method: 'POST', url, headers, payload: jobHook });
  }

  function logIn(password: string): Promise<LightMyRequestResponse> {
    return collector.app.inject({ method: 'POST', url: '/login', payload: { password } });
  }

  it('listens before Redis is there, and becomes whole when it comes', async () => {
    expect((await collector.app.inject({ url: '/health' })).statusCode).toBe(200);
    expect((await hook()).statusCode).toBe(503);
    expect((await logIn('x')).statusCode).toBe(503);
    expect(shown).toEqual([]);

    server = await startRedis({ port });
    const password = await until('a password to be shown', async () => shown[0]);
    expect((await logIn(password)).statusCode).toBe(303);
    expect((await hook()).statusCode).toBe(202);

    const redis = connectRedis(server.url, 'request');
    await redisReady(redis);
    const queue = createProducer(resolveQueueOf(INSTANCE), { connection: redis, prefix: COLLECTOR_PREFIX });
    const job = await until('a worker to have tried the job', async () => {
      const known = await queue.queue.getJob('gitlab.example-42-7-ended');
      return (known?.attemptsMade ?? 0) > 0 && known;
    });
    expect(job.data).toMatchObject({ project: 42, job: 7, status: 'ended' });
    await until(
      'the polls to be scheduled',
      async () => (await redis.exists('{sb:c}:reconcile:repeat')) === 1,
    );
    await queue.close();
    redis.disconnect();
  });

  it('is whole again, with a new password, after Redis was lost with all it held', async () => {
    server = await startRedis({ port });
    await until('a password to be shown', async () => shown[0]);
    await server.stop();
    await until('the hook to be refused', async () => (await hook()).statusCode === 503);

    server = await startRedis({ port });
    const password = await until('a new password to be shown', async () => shown[1]);
    await until('the hook to be taken', async () => (await hook()).statusCode === 202);
    expect((await logIn(password)).statusCode).toBe(303);
  });
});
