import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sideband/shared/clock';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Context } from './context.ts';
import type { Answer } from './faults.ts';
import { type RateLimit, throttled } from './rate-limit.ts';
import type { Requests } from './requests.ts';
import { addRoutes } from './routes.ts';
import { isOfRunners } from './runner-api/coordinator-routes.ts';

export interface ApiOptions {
  readonly context: Context;
  readonly clock: Clock;
  readonly rateLimit: RateLimit;
  readonly requests: Requests;
}

/** GitLab's REST API below `/api/v4`: what goes wrong first, then the limits, the token, and the endpoints. */
export async function makeApi(options: ApiOptions): Promise<FastifyInstance> {
  const { context, requests } = options;
  const { faults, tokens } = context;
  // A project's encoded path may be long; 100 characters is the router's default limit.
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 1_000 } });
  addBodyParsers(app);
  app.addHook('onRequest', async (request, reply) => {
    requests.arrived(request);
    reply.header('Date', new Date(options.clock.now()).toUTCString());
    if (faults.slownessMs > 0) await sleep(faults.slownessMs);
    const path = request.url.split('?')[0] ?? '';
    const elsewhere = faults.redirectOf(path);
    if (elsewhere !== undefined) return reply.redirect(elsewhere, 302);
    const fault = faults.take(path);
    if (fault === 'hang') return reply.hijack();
    if (fault !== undefined) return sendFault(reply, fault, options.clock);
    if (isOfRunners(request)) return;
    const limit = options.rateLimit.take(request.routeOptions.url === '/api/v4/projects/:id/jobs');
    reply.headers(limit.headers);
    if (limit.refusal !== undefined) {
      return reply.code(429).headers(limit.refusal.headers).send(limit.refusal.body);
    }
    const refusal = tokens.refuse(request);
    if (refusal !== undefined) return reply.code(refusal.status).send(refusal.body);
  });
  app.addHook('onSend', async (request, reply) => requests.answered(request, reply.statusCode));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: '404 Not Found' }));
  await app.register(async (scope) => addRoutes(scope, context), { prefix: '/api/v4' });
  await app.ready();
  return app;
}

/** GitLab takes parameters as JSON, as a form and in the query, and an empty body whatever its type. */
function addBodyParsers(app: FastifyInstance): void {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : JSON.parse(body.toString()));
    } catch {
      done(Object.assign(new Error('The request body is no JSON'), { statusCode: 400 }));
    }
  });
  const form = 'application/x-www-form-urlencoded';
  app.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
  );
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
