import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Clock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import { type Dispatcher, request } from 'undici';
import { connectionError, statusError } from '../answer-error.ts';
import { SilentError } from '../read-body.ts';
import type { Answer } from './answer.ts';

/** What is asked of GitLab. */
export interface Asked {
  readonly method: string;
  /** Below `/api/v4/`, each part of it encoded. */
  readonly path: string;
  readonly search?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Wire {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** From sending the request until `read` is done. */
  readonly timeoutMs: number;
}

/** GitLab's error pages are some kilobytes; of what is longer the connection is rather closed. */
const ERROR_PAGE_BYTES = 65_536;

/**
 * Asks once and reads the answer. Redirects are not followed, so the token goes nowhere else. When `read` throws, the
 * connection is closed. Throws as the `GitLab` port says.
 */
export async function exchange<T>(
  { dispatcher, clock, timeoutMs }: Wire,
  url: URL,
  asked: Asked,
  token: string,
  read: (answer: Answer) => Promise<T> | T,
): Promise<T> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  // undici hears of the signal only once there is a connection.
  const timedOut = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      deadline.abort();
      reject(new SilentError());
    }, timeoutMs);
  });
  let unread: Readable | undefined;
  try {
    const answering = request(url, {
      dispatcher,
      method: asked.method as Dispatcher.HttpMethod,
      headers: { ...asked.headers, 'private-token': token, 'user-agent': 'sideband-collector' },
      body: asked.body ?? null,
      signal: deadline.signal,
    });
    const { statusCode, headers, body } = await Promise.race([answering, timedOut]);
    unread = body;
    // Without a listener an error of a body that nobody reads would end the process.
    body.on('error', () => undefined);
    const answer = { status: statusCode, headers: plainHeaders(headers), body };
    if (statusCode >= 200 && statusCode < 300) return await read(answer);
    // Read to its end, so that the connection can be used again.
    await body.dump({ limit: ERROR_PAGE_BYTES, signal: deadline.signal }).catch(() => undefined);
    throw statusError(answer, asked.path, clock.now());
  } catch (error) {
    unread?.destroy();
    if (isSidebandError(error)) throw error;
    throw connectionError(error, asked.path, deadline.signal.aborted || error instanceof SilentError);
  } finally {
    clearTimeout(timer);
  }
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  return plain;
}
