import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refused } from './hook-answer.ts';

/** A body up to this size is read and thrown away, so that the connection can be used again. */
const DISCARD_LIMIT_BYTES = 64 * 1024;
const LINGER_MS = 500;

/** Answers without having read the body, as far as it has not been read yet. */
export function refuseHook(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, outcome, message, retryAfterMs }: Refused,
): FastifyReply {
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  if (bodyBytes(request, Number.POSITIVE_INFINITY) > DISCARD_LIMIT_BYTES) hangUpLater(request, reply);
  return reply.code(status).send({ code: outcome, message });
}

/** The length of the body as it is declared, at most `limit`; `limit` where none is. */
export function bodyBytes({ headers }: FastifyRequest, limit: number): number {
  if (headers['transfer-encoding'] !== undefined) return limit;
  const declared = Number(headers['content-length'] ?? '0');
  return Number.isSafeInteger(declared) ? Math.min(declared, limit) : limit;
}

/**
 * Reads no more of the body, and closes the connection a little after the answer. Node would read the body to its end
 * to use the connection again; closing at once would reset it before the sender has seen the answer.
 */
function hangUpLater(request: FastifyRequest, reply: FastifyReply): void {
  request.raw.pause();
  // Node throws away, at any length, what nobody has begun to read; so begin, and leave it at that.
  request.raw.read();
  // fastify sets this when a body is too large, and Node closes at once then.
  reply.removeHeader('connection');
  reply.raw.once('finish', () => setTimeout(() => request.raw.socket.destroy(), LINGER_MS).unref());
}
