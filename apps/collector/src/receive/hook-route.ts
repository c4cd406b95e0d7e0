import rateLimit from '@fastify/rate-limit';
import type { InstanceName } from '@sideband/shared/names';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import {
  BODY_LIMIT_BYTES,
  CUT_OFF,
  FAILED,
  limited,
  type Refused,
  refusalOf,
  TOO_LARGE,
} from './hook-answer.ts';
import { type AddressParts, createDoor, type Visit } from './hook-door.ts';
import { createHookLimits, type HookLimits } from './hook-limits.ts';
import type { HookMetrics, HookOutcome } from './hook-outcome.ts';
import type { HookReception } from './hook-reception.ts';
import { HOOK_ROUTES } from './hook-source.ts';
import { createQueueDepth } from './queue-depth.ts';
import { refuseHook } from './refuse-hook.ts';
import { createShed, type ShedLimits } from './shed.ts';
import { createTakeHook, type TakeParts } from './take-hook.ts';

export interface HookOptions extends TakeParts {
  readonly instances: ReadonlyMap<InstanceName, HookReception>;
  /** How many events of one GitLab wait to be resolved; asked at most once a second, while its hooks come. */
  readonly waiting: (instance: InstanceName) => Promise<number>;
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
    answerErrors(app, limits);

    for (const [kind, path] of HOOK_ROUTES) {
      app.post<{ Params: AddressParts }>(path, {
        bodyLimit: BODY_LIMIT_BYTES,
        async onRequest(request, reply) {
          whenOver(request, reply, () => {
            metrics.hookAnswered(kind, outcomes.get(request) ?? 'cut-off', reply.elapsedTime / 1_000);
          });
          const visit = await door.enter(kind, request, limits);
          if ('outcome' in visit) return refuse(request, reply, visit);
          visits.set(request, visit);
          whenOver(request, reply, visit.leave);
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

  function answerErrors(app: FastifyInstance, limits: HookLimits): void {
    app.setErrorHandler<{ statusCode?: number }>(async (error, request, reply) => {
      const status = error.statusCode ?? 500;
      // A stranger's body that cannot be read counts as a wrong proof does.
      const waitMs = visits.get(request)?.isKnown === false ? await limits.unknown(request) : undefined;
      if (waitMs !== undefined) return refuse(request, reply, limited(false, waitMs));
      if (status >= 500) log.error({ err: error }, 'Hook failed');
      else log.warn({ address: request.ip, status }, 'Hook refused: its body could not be read');
      return refuse(request, reply, status >= 500 ? FAILED : status === 413 ? TOO_LARGE : CUT_OFF);
    });
  }
}

/**
 * Calls once, when the request was answered or its sender has gone; at once if he went before. fastify's onResponse
 * would not hear of that, and an answer that waits behind another one on its connection does not either.
 */
function whenOver(
  { raw: { socket } }: FastifyRequest,
  { raw: answer }: FastifyReply,
  call: () => void,
): void {
  let isOver = false;
  const over = (): void => {
    // Of a connection that ends both tell, and taking a listener away does not stop what is being told already.
    if (isOver) return;
    isOver = true;
    answer.off('close', over);
    socket.off('close', over);
    call();
  };
  if (answer.destroyed || socket.destroyed) {
    over();
    return;
  }
  // One connection may bring any number of requests before the first is answered.
  socket.setMaxListeners(0);
  answer.once('close', over);
  socket.once('close', over);
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
