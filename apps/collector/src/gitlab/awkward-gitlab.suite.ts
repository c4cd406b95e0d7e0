import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { until } from '@sideband/infra/testkit/until';
import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { pino } from 'pino';
import { expect } from 'vitest';
import { createGitLab } from './gitbeaker-gitlab.ts';
import type { GitLab } from './port.ts';

export const TOKEN = 'glpat-NEVER-TO-BE-SEEN';
export const PROJECT = 7 as ProjectId;
export const JOB = 42 as JobId;
export const JOB_PATH = 'projects/7/jobs/42';
export const NOW = Date.UTC(2026, 2, 1, 12);

export interface Connection {
  readonly token?: () => string | Promise<string>;
  readonly timeoutMs?: number;
  readonly path?: string;
}

/** A server that answers as a test says, wrong if it likes, and the adapter before it. */
export interface AwkwardGitLab {
  readonly url: string;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** The connections that brought a request; fetch may open more and not use them. */
  readonly sockets: readonly Socket[];
  /** What the adapter wrote into its log. */
  readonly logged: readonly Record<string, unknown>[];
  connect(options?: Connection): GitLab;
  connectionClosed(): Promise<true>;
  stop(): Promise<void>;
}

export async function startAwkwardGitLab(): Promise<AwkwardGitLab> {
  const sockets: Socket[] = [];
  const logged: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    sockets.push(request.socket);
    gitlab.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const log = pino({}, { write: (line) => void logged.push(JSON.parse(line)) });
  const gitlab: AwkwardGitLab = {
    url,
    answer: (_request, response) => response.writeHead(500).end(),
    sockets,
    logged,
    connect({ token = () => TOKEN, timeoutMs = 10_000, path = '' } = {}) {
      const instance = 'awkward' as InstanceName;
      return createGitLab({ instance, url: url + path, token, log, clock: new ManualClock(NOW), timeoutMs });
    },
    connectionClosed: () =>
      until(
        'the connection to be closed',
        async () => sockets.length === 1 && sockets[0]?.destroyed === true,
      ),
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return gitlab;
}

/** Writes as much as the other side takes, without an end. */
export function writeForEver(response: ServerResponse): void {
  const more = (): void => {
    while (response.write('x'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
}

/** What the call fails with; neither it nor anything that hangs on it may show the token. */
export async function failureOf(call: Promise<unknown>): Promise<SidebandError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SidebandError)) throw new Error(`expected a SidebandError, got ${String(error)}`);
  expect(error.cause).toBeUndefined();
  expect(inspect(error, { depth: 20, showHidden: true, getters: true })).not.toContain(TOKEN);
  expect(JSON.stringify([error, error.details])).not.toContain(TOKEN);
  return error;
}
