import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { Clock } from '@sideband/shared/clock';
import type { HostRecords } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { Queue } from 'bullmq';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
} from 'fastify';
import type { Redis } from 'ioredis';
import type { Access } from './admin/access.ts';
import { apiRoutes, type PastRead } from './admin/api.ts';
import { boardRoutes } from './admin/board.ts';
import { createFleet } from './admin/fleet.ts';
import { closeGate } from './admin/gate.ts';
import { securityHeaders } from './admin/headers.ts';
import { loginRoutes } from './admin/login.ts';
import { pageRoutes } from './admin/page.ts';
import { answerError, answerErrors } from './app-errors.ts';

const BODY_BYTES = 64 * 1_024;

interface AppParts {
  readonly access: Access;
  readonly records: HostRecords;
  readonly pastRead: () => Promise<readonly PastRead[]>;
  /** The collector's own queues, for the board. */
  readonly queues: readonly Queue[];
  /** A `request` client: the board reads the hosts' queues with it. Not closed here. */
  readonly redis: Redis;
  /** POST /hooks/…, with its own authentication, body limit and rate limit. */
  readonly hook: FastifyPluginAsync;
  /** Proxies that stand before us and say in `X-Forwarded-For` who asked. */
  readonly proxyDepth: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The collector's whole HTTP side, not yet listening. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { access, records, pastRead, queues, redis, hook, proxyDepth, clock, log } = parts;
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    // Hooks come by the thousand and say themselves what matters of them.
    logController: new LogController({ disableRequestLogging: true }),
    // Whoever connects could write X-Forwarded-For: only so many of its addresses are believed, from its end.
    trustProxy: (_, hop) => hop < proxyDepth,
    bodyLimit: BODY_BYTES,
    // From the first byte of a request to its last; a handler's own time is bounded by Redis's time-out of 5 s.
    requestTimeout: 30_000,
    connectionTimeout: 90_000,
    keepAliveTimeout: 65_000,
    frameworkErrors: answerError,
  });
  const fleet = createFleet(records, clock);

  await app.register(helmet, securityHeaders);
  await closeGate(app, { access, clock });
  await app.register(rateLimit, { global: false });
  answerErrors(app);

  app.get('/health', async () => ({ status: 'ok' }));
  await app.register(hook);
  await app.register(loginRoutes, { access, clock });
  await app.register(apiRoutes, { fleet, records, pastRead, clock });
  await app.register(pageRoutes);
  await app.register(boardRoutes, { queues, redis, fleet });
  return app;
}
