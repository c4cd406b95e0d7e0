import formbody from '@fastify/formbody';
import type { Clock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Access } from './access.ts';
import { hasSession, startSession, wantsHtml } from './gate.ts';
import { type LoginNotice, loginPage } from './login-page.ts';

const credentials = z.object({ password: z.string().min(1).max(1_024) });

/** A scrypt of 32 MiB each: this also bounds what guessing costs us. */
const ATTEMPTS_PER_MINUTE = 10;
const FORM_BYTES = 8_192;

interface LoginOptions {
  readonly access: Access;
  readonly clock: Clock;
}

/** GET and POST /login, POST /logout. */
export async function loginRoutes(app: FastifyInstance, { access, clock }: LoginOptions): Promise<void> {
  await app.register(formbody, { bodyLimit: FORM_BYTES });

  app.get('/login', async (request, reply) => {
    if (hasSession(request, clock)) return reply.redirect('/', 303);
    return sendLoginPage(reply, 200, 'none');
  });

  const limited = {
    bodyLimit: FORM_BYTES,
    // Counted in each collector by itself, by address; behind proxies whose number nobody said all users share one.
    config: { rateLimit: { max: ATTEMPTS_PER_MINUTE, timeWindow: 60_000 } },
    errorHandler: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      if (isStatus(error, 429)) return refuse(request, reply, 429, 'too-often');
      throw error;
    },
  };
  app.post('/login', limited, async (request, reply) => {
    const form = credentials.safeParse(request.body);
    const right = form.success ? await accepted(access, form.data.password) : 'wrong';
    if (right === 'wrong') return refuse(request, reply, 401, 'wrong');
    if (right === 'not-yet') return refuse(request, reply, 503, 'not-yet');
    startSession(request, clock);
    request.log.info({ address: request.ip }, 'Logged in');
    return reply.redirect('/', 303);
  });

  app.post('/logout', async (request, reply) => {
    request.session.delete();
    return reply.redirect('/login', 303);
  });
}

async function accepted(access: Access, password: string): Promise<'right' | 'wrong' | 'not-yet'> {
  try {
    return (await access.check(password)) ? 'right' : 'wrong';
  } catch (error) {
    if (isSidebandError(error, 'REDIS_UNAVAILABLE')) return 'not-yet';
    throw error;
  }
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  notice: LoginNotice,
): FastifyReply {
  // Not past the limit: whoever guesses should not fill the log.
  if (notice !== 'too-often') request.log.warn({ address: request.ip, notice }, 'Login refused');
  if (wantsHtml(request)) return sendLoginPage(reply, status, notice);
  return reply.code(status).send({ code: `login-${notice}`, message: 'Not logged in.' });
}

function sendLoginPage(reply: FastifyReply, status: number, notice: LoginNotice): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(loginPage(notice));
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === status;
}
