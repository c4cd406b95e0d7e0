import secureSession from '@fastify/secure-session';
import type { Clock } from '@sideband/shared/clock';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from './access.ts';
import { cameByHttps } from './headers.ts';
import { isSameOrigin } from './same-origin.ts';

declare module '@fastify/secure-session' {
  interface SessionData {
    /** When the user logged in, in milliseconds. */
    since: number;
  }
}

const SESSION_SECONDS = 12 * 3_600;
const YEAR_SECONDS = 31_536_000;

/** Routes as they are declared, not addresses as they are asked for: an unknown address is none of these. */
const OPEN = new Set([
  'GET /health',
  'HEAD /health',
  'GET /login',
  'HEAD /login',
  'POST /login',
  'GET /assets/style.css',
  'HEAD /assets/style.css',
]);
/** Open as well, and no business of a browser: it authenticates each request by itself. */
const HOOKS = 'POST /hooks/:instance/';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

interface GateOptions {
  readonly access: Access;
  readonly clock: Clock;
}

/**
 * Closes every route, also those that do not exist, unless it is listed above. Call it on the root, before any
 * route is registered: what somebody forgets to think of is then behind the login.
 */
export async function closeGate(app: FastifyInstance, { access, clock }: GateOptions): Promise<void> {
  await app.register(secureSession, {
    cookieName: 'sideband',
    key: access.sessionKey,
    expiry: SESSION_SECONDS,
    cookie: { path: '/', httpOnly: true, sameSite: 'strict', maxAge: SESSION_SECONDS },
  });

  app.addHook('onRequest', async (request, reply) => {
    if (cameByHttps(request)) reply.header('strict-transport-security', `max-age=${YEAR_SECONDS}`);
    const route = `${request.method} ${request.routeOptions.url}`;
    if (route.startsWith(HOOKS)) return;
    reply.header('cache-control', 'no-store');
    if (!SAFE_METHODS.has(request.method) && !isSameOrigin(request.headers)) {
      return reply.code(403).send({ code: 'cross-site', message: 'This request came from another site.' });
    }
    if (OPEN.has(route) || hasSession(request, clock)) return;
    return refuse(request, reply);
  });
}

export function startSession(request: FastifyRequest, clock: Clock): void {
  request.session.regenerate();
  request.session.set('since', clock.now());
  request.session.options({ secure: cameByHttps(request) });
}

/** The session says itself when it began: the cookie's own age is up to the browser. */
export function hasSession(request: FastifyRequest, clock: Clock): boolean {
  const since = request.session.get('since');
  return typeof since === 'number' && clock.now() - since < SESSION_SECONDS * 1_000;
}

export function wantsHtml(request: FastifyRequest): boolean {
  return !request.url.startsWith('/api/') && (request.headers.accept ?? '').includes('text/html');
}

function refuse(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (SAFE_METHODS.has(request.method) && wantsHtml(request)) return reply.redirect('/login', 303);
  return reply.code(401).send({ code: 'no-session', message: 'Log in first.' });
}
