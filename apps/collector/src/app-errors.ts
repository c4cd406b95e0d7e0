import { isSidebandError } from '@sideband/shared/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What a client is told, by status: static words, since an error's own may hold what is nobody's business. */
const ANSWERS: Readonly<Record<number, { readonly code: string; readonly message: string }>> = {
  400: { code: 'bad-request', message: 'The request cannot be understood.' },
  404: { code: 'not-found', message: 'There is nothing at this address.' },
  405: { code: 'method-not-allowed', message: 'This cannot be done here.' },
  413: { code: 'too-large', message: 'The request is too large.' },
  415: { code: 'unsupported-media-type', message: 'The request has a content type that is not taken here.' },
  429: { code: 'too-many-requests', message: 'Too many requests; wait as long as Retry-After says.' },
  500: { code: 'internal', message: 'Something went wrong here; the log says what.' },
  503: { code: 'unavailable', message: 'Redis cannot be reached; try again later.' },
};

const LOST_PER_MINUTE = 60;

/** Answers to what goes wrong, the same for every route: JSON with a code, and never an error's own text. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(
    { preHandler: app.rateLimit({ max: LOST_PER_MINUTE, timeWindow: 60_000 }) },
    (_request, reply) => answerStatus(reply, 404),
  );
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusOf(error);
  // That Redis is away is said once where it is connected to, and not for each page that asks.
  if (status >= 500 && status !== 503)
    request.log.error({ err: error, route: request.routeOptions.url }, 'Request failed');
  return answerStatus(reply, status);
}

function answerStatus(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send(ANSWERS[status] ?? ANSWERS[status < 500 ? 400 : 500]);
}

function statusOf(error: unknown): number {
  if (isSidebandError(error)) return error.code === 'REDIS_UNAVAILABLE' ? 503 : 500;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
