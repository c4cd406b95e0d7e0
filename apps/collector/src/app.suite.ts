import { randomBytes } from 'node:crypto';
import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { HostRecords } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import { connectRedis } from '@sideband/shared/redis';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { createAccess } from './admin/access.ts';
import { hashPassword } from './admin/password.ts';
import type { AdminSecrets } from './admin/secrets.ts';
import { buildApp } from './app.ts';

export const PASSWORD = 'correct-horse';
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** What a browser asks for. */
export const HTML = { accept: 'text/html,application/xhtml+xml' };

export interface TestApps {
  readonly clock: ManualClock;
  readonly secrets: AdminSecrets;
  /** One more app, as another process would be. */
  build(read?: () => Promise<AdminSecrets>): Promise<FastifyInstance>;
  close(): Promise<void>;
}

/** Apps whose secrets are there and whose Redis is not. */
export async function createTestApps(): Promise<TestApps> {
  const clock = new ManualClock(Date.now());
  const redis = connectRedis('redis://127.0.0.1:1', 'request');
  redis.on('error', () => undefined);
  const passwordHash = await hashPassword(PASSWORD, randomBytes(16));
  const secrets = { passwordHash, sessionKey: randomBytes(32) };
  const built: FastifyInstance[] = [];
  return {
    clock,
    secrets,
    async build(read = async () => secrets) {
      const app = await buildApp({
        access: createAccess(read, randomBytes),
        records: recordsAway,
        queues: [],
        redis,
        hook: async (scope) => {
          scope.post('/hooks/:instance/projects/:project', async (_request, reply) =>
            reply.code(202).send({ outcome: 'queued' }),
          );
        },
        pastRead: away,
        proxyDepth: 0,
        clock,
        log: silentLog(),
      });
      built.push(app);
      await app.ready();
      return app;
    },
    async close() {
      for (const app of built) await app.close();
      redis.disconnect();
    },
  };
}

export function logIn(
  app: FastifyInstance,
  password: string,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  const payload = new URLSearchParams({ username: 'admin', password }).toString();
  return app.inject({ method: 'POST', url: '/login', headers: { ...FORM, ...headers }, payload });
}

/** The cookies of somebody who is logged in. */
export async function openSession(app: FastifyInstance): Promise<Record<string, string>> {
  const [cookie] = (await logIn(app, PASSWORD, { 'sec-fetch-site': 'same-origin' })).cookies;
  return { sideband: cookie?.value ?? '' };
}

async function away(): Promise<never> {
  throw new SidebandError('REDIS_UNAVAILABLE', { answer: 'secret detail' });
}

const recordsAway: HostRecords = {
  register: away,
  registrations: away,
  publishReport: away,
  report: away,
  appendJournal: away,
  journal: away,
  claimJobs: away,
  claimants: away,
  notify: away,
  notice: away,
  keepAlive: away,
};
