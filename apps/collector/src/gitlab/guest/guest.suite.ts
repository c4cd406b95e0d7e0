import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { until } from '@sideband/infra/testkit/until';
import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName } from '@sideband/shared/names';
import { type DestinationStream, pino } from 'pino';
import { expect } from 'vitest';
import type { GitLabSettings } from '../settings.ts';
import type { Budget } from './budget.ts';
import { createGuest, type Guest } from './guest.ts';
import { createMemoryBudget } from './memory-budget.ts';
import type { RequestOutcome } from './request-outcome.ts';

export const TOKEN = 'glpat-NEVER-TO-BE-SEEN';
export const PROXY_PASSWORD = 'p@ss/NEVER-TO-BE-SEEN-EITHER';
export const NOW = Date.UTC(2026, 2, 1, 12);
export const JSON_TYPE = { 'content-type': 'application/json' };

/** A server that answers as a test says, wrong if it likes. */
export interface AwkwardServer {
  readonly url: string;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** `GET /api/v4/projects/7`, one for each request. */
  readonly asked: readonly string[];
  /** The connections that brought a request. */
  readonly sockets: ReadonlySet<Socket>;
  connectionClosed(): Promise<true>;
  stop(): Promise<void>;
}

/** `server` may be one with TLS; by default it speaks plain HTTP. */
export async function startAwkwardServer(
  server: Server = createServer(),
  scheme = 'http',
): Promise<AwkwardServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.url}`);
    sockets.add(request.socket);
    awkward.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const awkward: AwkwardServer = {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: (_request, response) => response.writeHead(200, JSON_TYPE).end('{}'),
    asked,
    sockets,
    connectionClosed: () =>
      until('the connection to be closed', async () => [...sockets].every((socket) => socket.destroyed)),
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return awkward;
}

export interface GuestSettings extends Partial<Omit<GitLabSettings, 'url'>> {
  readonly timeoutMs?: number;
  readonly budget?: Budget;
}

/** A guest, and all that can be seen of it. Its pauses last no time: they move the clock. */
export interface Visit {
  readonly guest: Guest;
  readonly clock: ManualClock;
  readonly budget: Budget;
  readonly pauses: readonly number[];
  readonly outcomes: readonly RequestOutcome[];
  readonly logged: readonly Record<string, unknown>[];
  /** Bytes of traces on the wire. */
  traceBytes(): number;
  get(path: string): Promise<unknown>;
  send(method: 'post' | 'put' | 'delete', path: string): Promise<unknown>;
  trace(path: string): Promise<string>;
}

export function visit(url: string, options: GuestSettings = {}): Visit {
  const clock = new ManualClock(NOW);
  const pauses: number[] = [];
  const outcomes: RequestOutcome[] = [];
  const logged: Record<string, unknown>[] = [];
  let traceBytes = 0;
  const sink: DestinationStream = { write: (line) => void logged.push(JSON.parse(line)) };
  const { timeoutMs = 10_000, budget = createMemoryBudget(6_000, clock), ...settings } = options;
  const guest = createGuest({
    settings: {
      ...{ instance: 'awkward' as InstanceName, url, token: () => TOKEN, ca: undefined, proxy: undefined },
      requestsPerMinute: 6_000,
      ...settings,
    },
    ...{ budget, clock, timeoutMs, log: pino({}, sink), random: () => 0.5 },
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
      clock.advance(milliseconds);
    },
    onRequest: (outcome) => void outcomes.push(outcome),
    onTraceBytes: (bytes) => {
      traceBytes += bytes;
    },
  });
  const requester = guest.requesterFn({ headers: {}, authHeaders: {}, url: 'https://elsewhere.invalid' });
  return {
    ...{ guest, clock, budget, pauses, outcomes, logged },
    traceBytes: () => traceBytes,
    get: async (path) => (await requester.get(path)).body,
    send: async (method, path) => (await requester[method](path, { body: { url: 'https://hook' } })).body,
    async trace(path) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of guest.openTrace(path)) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
  };
}

/** What the call fails with; neither it nor anything that hangs on it may show a secret. */
export async function failureOf(call: Promise<unknown>): Promise<SidebandError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SidebandError)) throw new Error(`expected a SidebandError, got ${String(error)}`);
  expect(error.cause).toBeUndefined();
  expectNoSecret(inspect(error, { depth: 20, showHidden: true, getters: true }));
  expectNoSecret(JSON.stringify([error, error.details]));
  return error;
}

export function expectNoSecret(text: string): void {
  const basic = Buffer.from(`user:${PROXY_PASSWORD}`).toString('base64');
  for (const secret of [TOKEN, PROXY_PASSWORD, encodeURIComponent(PROXY_PASSWORD), basic])
    expect(text).not.toContain(secret);
}

/** Writes as much as the other side takes, without an end. */
export function writeForEver(response: ServerResponse): void {
  const more = (): void => {
    while (response.write('x'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
}
