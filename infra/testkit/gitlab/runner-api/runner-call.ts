import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { PickUp, RunnerRecord } from '../runners.ts';

const runnerCall = z.object({
  token: z.string().optional(),
  system_id: z.string().optional(),
  last_update: z.string().optional(),
  description: z.string().optional(),
  info: z.object({ version: z.string().optional() }).optional(),
});
/** What runners say of themselves, as far as it matters here. */
type RunnerCall = z.infer<typeof runnerCall>;

/** Undefined, and the reply is sent, where the body is none. */
export function readRunnerCall(request: FastifyRequest, reply: FastifyReply): RunnerCall | undefined {
  const call = runnerCall.safeParse(request.body ?? {});
  if (call.success) return call.data;
  reply.code(400).send({ error: `${call.error.issues[0]?.path.join('.')} is invalid` });
  return undefined;
}

/** The body's, as every runner sends it, or else the header's, which newer ones send besides. */
export function runnerToken(request: FastifyRequest, call: RunnerCall): string | undefined {
  return call.token ?? headerOf(request, 'runner-token');
}

export function headerOf(request: FastifyRequest, name: string): string | undefined {
  return request.headers[name]?.toString();
}

/** The process that calls. Runners before 15.x know no system id; GitLab then keeps this word. */
export function pickUpOf(runner: RunnerRecord, call: RunnerCall): PickUp {
  const version = call.info?.version;
  const systemId = call.system_id ?? '<legacy>';
  return { runnerId: runner.id, systemId, ...(version === undefined ? {} : { version }) };
}

export function forbid(reply: FastifyReply, why?: string): FastifyReply {
  return reply.code(403).send({ message: why === undefined ? '403 Forbidden' : `403 Forbidden - ${why}` });
}
