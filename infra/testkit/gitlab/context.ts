import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Configurations } from './configurations.ts';
import type { Deliveries } from './deliveries.ts';
import type { Faults } from './faults.ts';
import type { HookRegistry } from './hook-registry.ts';
import type { Presenter } from './presenter.ts';
import type { Records } from './records.ts';
import type { Coordinator } from './runner-api/coordinator.ts';
import type { Tokens } from './tokens.ts';

/** What the endpoints work on. */
export interface Context {
  readonly records: Records;
  readonly hooks: HookRegistry;
  readonly deliveries: Deliveries;
  readonly configurations: Configurations;
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly coordinator: Coordinator;
  readonly presenter: () => Presenter;
  readonly onTraceBytes: (request: FastifyRequest, bytes: number) => void;
}

/** What an endpoint gets. Its helpers answer themselves where something is missing, and give undefined. */
export interface Call {
  readonly context: Context;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export function pathParameters(request: FastifyRequest): Readonly<Record<string, string>> {
  return request.params as Readonly<Record<string, string>>;
}

export function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, 'http://localhost').searchParams;
}

/** GitLab's `not_found!`, `forbidden!` and the like. */
export function refuse({ reply }: Call, status: number, message: string): undefined {
  reply.code(status).send({ message: `${status} ${message}` });
  return undefined;
}
