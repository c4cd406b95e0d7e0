import rateLimit from '@fastify/rate-limit';
import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { createHookLimits, type Limit } from './hook-limits.ts';
import { isHookToken } from './hook-token.ts';
import { type JobEvent, jobEventId } from './job-event.ts';
import { readHook } from './read-hook.ts';
import { settlesWithin } from './settles-within.ts';

/** GitLab sends at most 25 MB (`REQUEST_BODY_SIZE_LIMIT`); the rest is for how it counts them. */
const BODY_LIMIT_BYTES = 26 * 1024 * 1024;
/** GitLab waits 10 s for an answer and never sends again, so there is nothing to gain by waiting longer. */
const ENQUEUE_LIMIT_MS = 1_000;
const RETRY_AFTER_S = 5;
/** A body up to this size is read and thrown away, so that the connection can be used again. */
const DISCARD_LIMIT_BYTES = 64 * 1024;
const LINGER_MS = 500;

/** What became of one delivery: for counters. */
export type HookOutcome =
  | 'queued'
  | 'not-needed'
  | 'other-event'
  | 'unknown-status'
  | 'unauthorized'
  | 'limited'
  | 'malformed'
  | 'too-large'
  | 'queue-away';

export interface HookOptions {
  readonly instance: InstanceName;
  readonly secret: () => string;
  /** Puts the event on the queue; the same id twice is one queue job. */
  readonly enqueue: (id: string, event: JobEvent) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (outcome: HookOutcome) => void;
}

/** `POST /hooks/gitlab`: authenticates, takes the few fields needed, queues, answers. It does nothing else. */
export function hookRoute(options: HookOptions): FastifyPluginAsync {
  const { instance, secret, enqueue, clock, log, count } = options;

  return async (app) => {
    await app.register(rateLimit, { global: false });
    const limits = createHookLimits(app);

    // The token is checked before any of the body is read, and the body is parsed only after that.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body);

    app.setErrorHandler<{ statusCode?: number }>((error, request, reply) => {
      const status = error.statusCode ?? 500;
      if (status === 413) {
        count('too-large');
        log.warn({ address: request.ip }, 'Hook refused: its body is too large');
        return refuse(request, reply, 413, 'too-large', `the body is larger than ${BODY_LIMIT_BYTES} bytes`);
      }
      if (status < 500) {
        count('malformed');
        log.warn({ address: request.ip }, 'Hook refused: its body could not be read');
        return refuse(request, reply, status, 'bad-body', 'the body does not arrive as its headers say');
      }
      count('queue-away');
      log.error({ err: error }, 'Hook failed');
      return refuse(request, reply, 503, 'failed', 'the event could not be taken');
    });

    app.addHook('onRequest', async (request, reply) => {
      const known = isHookToken(request.headers['x-gitlab-token'], secret());
      if (await isOver(known ? limits.known : limits.unknown, request, reply)) return reply;
      if (known) return;
      count('unauthorized');
      log.warn({ address: request.ip }, 'Hook refused: its token is missing or wrong');
      return refuse(request, reply, 401, 'unauthorized', 'X-Gitlab-Token is missing or wrong');
    });

    async function isOver(limit: Limit, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
      const waitMs = await limit(request);
      if (waitMs === undefined) return false;
      count('limited');
      reply.header('retry-after', Math.ceil(waitMs / 1_000));
      refuse(request, reply, 429, 'limited', 'too many requests from this address');
      return true;
    }

    app.post('/hooks/gitlab', { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
      const hook = readHook(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      if (!hook.ok) {
        count('malformed');
        log.warn({ problem: hook.error.message }, 'Hook refused: its body says nothing we understand');
        return refuse(request, reply, 400, hook.error.reason, hook.error.message);
      }
      if (hook.value.kind !== 'job') {
        count(hook.value.kind);
        return reply.code(202).send({ outcome: hook.value.kind });
      }
      const { project, job, status } = hook.value;
      const event: JobEvent = { instance, project, job, status, receivedAt: clock.now() };
      try {
        await settlesWithin(ENQUEUE_LIMIT_MS, async () => enqueue(jobEventId(event), event));
      } catch (error) {
        count('queue-away');
        log.warn({ project, job, err: error }, 'Hook could not be queued; reconcile will find the job');
        reply.header('retry-after', RETRY_AFTER_S);
        return refuse(request, reply, 503, 'queue-away', 'the queue does not answer');
      }
      count('queued');
      return reply.code(202).send({ outcome: 'queued' });
    });
  };
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
): FastifyReply {
  if (!isSmall(request)) hangUpLater(request, reply);
  return reply.code(status).send({ code, message });
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

function isSmall({ headers }: FastifyRequest): boolean {
  const declared =
    headers['content-length'] ?? (headers['transfer-encoding'] === undefined ? '0' : undefined);
  return declared !== undefined && Number(declared) <= DISCARD_LIMIT_BYTES;
}
