import rateLimit from '@fastify/rate-limit';
import type { InstanceName } from '@sideband/shared/names';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { BODY_LIMIT_BYTES, CUT_OFF, FAILED, type Refused, refusalOf, TOO_LARGE } from './hook-answer.ts';
import { type AddressParts, createDoor, type Visit } from './hook-door.ts';
import { createHookLimits } from './hook-limits.ts';
import type { HookMetrics, HookOutcome } from './hook-outcome.ts';
import type { HookReception } from './hook-reception.ts';
import { HOOK_ROUTES } from './hook-source.ts';
import { createQueueDepth } from './queue-depth.ts';
import { refuseHook } from './refuse-hook.ts';
import { createShed, type ShedLimits } from './shed.ts';
import { createTakeHook, type TakeParts } from './take-hook.ts';

export interface HookOptions extends TakeParts {
  readonly instances: ReadonlyMap<InstanceName, HookReception>;
  /** How many events wait to be resolved; asked at most once a second, while hooks come. */
  readonly waiting: () => Promise<number>;
  readonly shedLimits: ShedLimits;
  readonly metrics: HookMetrics;
}

/**
 * `POST /hooks/<instance>/…`, one route for each kind of source: authenticates, takes the few fields needed, queues,
 * answers. Who has proven himself gets a 2xx whatever he says, except of a project that is not his: GitLab counts a
 * 4xx as a failure and disables the hook.
 */
export function hookRoutes(options: HookOptions): FastifyPluginAsync {
  const { log, metrics } = options;
  const shed = createShed(options.shedLimits, createQueueDepth(options.waiting, options.clock));
  const door = createDoor({ ...options, shed });
  const take = createTakeHook(options);
  const visits = new WeakMap<FastifyRequest, Visit>();
  const outcomes = new WeakMap<FastifyRequest, HookOutcome>();

  return async (app) => {
    await app.register(rateLimit, { global: false });
    const limits = createHookLimits(app);
    readBodiesAsBytes(app);
    answerErrors(app);

    for (const [kind, path] of HOOK_ROUTES) {
      app.post<{ Params: AddressParts }>(path, {
        bodyLimit: BODY_LIMIT_BYTES,
        async onRequest(request, reply) {
          // Unlike fastify's onResponse this comes also when the sender has gone.
          reply.raw.once('close', () => {
            metrics.hookAnswered(kind, outcomes.get(request) ?? 'cut-off', reply.elapsedTime / 1_000);
          });
          const visit = await door.enter(kind, request, limits);
          if ('outcome' in visit) return refuse(request, reply, visit);
          visits.set(request, visit);
          // Who went before that will not go again.
          if (reply.raw.destroyed) visit.leave();
          else reply.raw.once('close', visit.leave);
        },
        async handler(request, reply) {
          const visit = visits.get(request);
          if (visit === undefined) throw new Error('The hook was never let in');
          const proven = await door.prove(visit, request, limits);
          if ('outcome' in proven) return refuse(request, reply, proven);
          const outcome = await take(proven);
          const refused = refusalOf(outcome);
          if (refused !== undefined) return refuse(request, reply, refused);
          outcomes.set(request, outcome);
          return reply.code(202).send({ outcome });
        },
      });
    }
  };

  function refuse(request: FastifyRequest, reply: FastifyReply, refused: Refused): FastifyReply {
    outcomes.set(request, refused.outcome);
    return refuseHook(request, reply, refused);
  }

  function answerErrors(app: FastifyInstance): void {
    app.setErrorHandler<{ statusCode?: number }>((error, request, reply) => {
      const status = error.statusCode ?? 500;
      if (status >= 500) log.error({ err: error }, 'Hook failed');
      else log.warn({ address: request.ip, status }, 'Hook refused: its body could not be read');
      return refuse(request, reply, status >= 500 ? FAILED : status === 413 ? TOO_LARGE : CUT_OFF);
    });
  }
}

/** The signature is over the bytes; and whatever type a body says it is of, it is tried as JSON. */
function readBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body);
  app.addHook('onRequest', async (request) => {
    // fastify answers 415 to a type that is none, whoever sent it.
    delete request.raw.headers['content-type'];
  });
}
