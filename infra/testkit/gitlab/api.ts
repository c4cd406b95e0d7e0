import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sideband/shared/clock';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Answer } from './faults.ts';
import { type RateLimit, throttled } from './rate-limit.ts';
import type { Requests } from './requests.ts';
import { addRoutes, type RouteOptions } from './routes.ts';

export interface ApiOptions extends RouteOptions {
  readonly token: string;
  readonly clock: Clock;
  readonly rateLimit: RateLimit;
  readonly requests: Requests;
}

/** GitLab's REST API below `/api/v4`: what goes wrong first, then the limits, the token, and the endpoints. */
export async function makeApi(options: ApiOptions): Promise<FastifyInstance> {
  const { faults, requests } = options;
  // A project's encoded path may be long; 100 characters is the router's default limit.
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 1_000 } });
  app.addHook('onRequest', async (request, reply) => {
    requests.arrived(request);
    if (faults.slownessMs > 0) await sleep(faults.slownessMs);
    const fault = faults.take(request.url.split('?')[0] ?? '');
    if (fault === 'hang') return reply.hijack();
    if (fault !== undefined) return sendFault(reply, fault, options.clock);
    const limited = options.rateLimit.take(request.routeOptions.url === '/api/v4/projects/:id/jobs');
    if (limited !== undefined) return reply.code(429).headers(limited.headers).send(limited.body);
    if (!isAuthenticated(request, options.token)) {
      return reply.code(401).send({ message: '401 Unauthorized' });
    }
  });
  app.addHook('onSend', async (request, reply) => requests.answered(request, reply.statusCode));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: '404 Not Found' }));
  await app.register(async (scope) => addRoutes(scope, options), { prefix: '/api/v4' });
  await app.ready();
  return app;
}

function sendFault(reply: FastifyReply, fault: Answer, clock: Clock): FastifyReply {
  if (fault.status === 429) {
    const seconds = fault.retryAfter ?? 60;
    const limited = throttled(2_000, 2_001, seconds, clock.now() + seconds * 1_000);
    return reply.code(429).headers(limited.headers).send(limited.body);
  }
  if (fault.status === 500) return reply.code(500).send({ message: '500 Internal Server Error' });
  // 502 and 503 come from the proxy before Rails, which knows no JSON.
  const page = '<!DOCTYPE html><html><body><h1>GitLab is not responding</h1></body></html>';
  return reply.code(fault.status).header('Content-Type', 'text/html').send(page);
}

function isAuthenticated(request: FastifyRequest, token: string): boolean {
  const { authorization } = request.headers;
  return request.headers['private-token'] === token || authorization === `Bearer ${token}`;
}
