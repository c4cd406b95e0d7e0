import type { FastifyInstance } from 'fastify';
import type { RunnerRecord } from '../runners.ts';
import type { Coordinator } from './coordinator.ts';
import { forbid, pickUpOf, readRunnerCall, runnerToken } from './runner-call.ts';

/** How a runner comes, proves itself and goes. */
export function addRegistrationRoutes(app: FastifyInstance, coordinator: Coordinator): void {
  const { tokens } = coordinator;
  const credentials = (runner: RunnerRecord): unknown => ({
    id: runner.id,
    token: tokens.of(runner),
    token_expires_at: null,
  });

  app.post('/runners', (request, reply) => {
    const call = readRunnerCall(request, reply);
    if (call === undefined) return reply;
    if (call.token !== tokens.registration) return forbid(reply);
    return reply.code(201).send(credentials(coordinator.register(call.description)));
  });

  app.post('/runners/verify', (request, reply) => {
    const call = readRunnerCall(request, reply);
    if (call === undefined) return reply;
    const runner = tokens.runner(runnerToken(request, call));
    if (runner === undefined) return forbid(reply);
    if (call.system_id !== undefined) coordinator.contact(pickUpOf(runner, call));
    return reply.send(credentials(runner));
  });

  app.delete('/runners', (request, reply) => {
    const call = readRunnerCall(request, reply);
    if (call === undefined) return reply;
    const token = runnerToken(request, call);
    const runner = tokens.runner(token);
    if (token === undefined || runner === undefined) return forbid(reply);
    coordinator.unregister(token, runner);
    return reply.code(204).send();
  });
}
