import type { IncomingMessage, ServerResponse } from 'node:http';
import { ManualClock } from '@sideband/shared/clock';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { pino } from 'pino';
import { connectGitLab, type GitLabConnection } from './connect-gitlab.ts';
import { NOW, startAwkwardServer, TOKEN } from './guest/guest.suite.ts';
import { createMemoryBudget } from './guest/memory-budget.ts';

export const PROJECT = 7 as ProjectId;
/** More than any test asks. */
const REQUESTS_PER_MINUTE = 600_000;

export interface JsonAnswer {
  readonly body: unknown;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server that answers as a test says, wrong if it likes, and the adapters before it. */
export interface AwkwardGitLab extends GitLabConnection {
  readonly url: string;
  /** From now on it answers so. */
  answer(how: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** From now on it answers JSON: with a 200 unless told, with a 404 where there is nothing. */
  answerJson(what: (url: URL) => JsonAnswer | undefined): void;
  /** The addresses that were asked for, in order. */
  asked(): readonly URL[];
  /** What the adapters wrote into their log. */
  readonly logged: readonly Record<string, unknown>[];
}

/** `close` ends the server as well. */
export async function startAwkwardGitLab(): Promise<AwkwardGitLab> {
  const server = await startAwkwardServer();
  const { url } = server;
  const logged: Record<string, unknown>[] = [];
  const clock = new ManualClock(NOW);
  const settings = {
    ...{ instance: 'awkward' as InstanceName, url, token: () => TOKEN, ca: undefined, proxy: undefined },
    requestsPerMinute: REQUESTS_PER_MINUTE,
  };
  const connection = connectGitLab(settings, {
    ...{ clock, budget: createMemoryBudget(REQUESTS_PER_MINUTE, clock), random: () => 0.5 },
    log: pino({}, { write: (line) => void logged.push(JSON.parse(line)) }),
    pause: async (milliseconds) => clock.advance(milliseconds),
  });
  return {
    ...connection,
    url,
    logged,
    asked: () => server.asked.map((line) => new URL(line.slice(line.indexOf(' ') + 1), url)),
    answer(how) {
      server.answer = how;
    },
    answerJson(what) {
      server.answer = (request, response) => {
        const found = what(new URL(request.url ?? '', url));
        const { body, status = 200, headers = {} } = found ?? { body: {}, status: 404 };
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body));
      };
    },
    async close() {
      await connection.close();
      await server.stop();
    },
  };
}
