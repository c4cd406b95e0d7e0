import {
  createRequesterFn,
  type FormattedResponse,
  type RequesterType,
  type RequestOptions,
  type ResourceOptions,
  type ResponseBodyTypes,
} from '@gitbeaker/requester-utils';
import type { Clock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import { bodyError, connectionError, statusError } from './answer-error.ts';
import { readText, SilentError } from './read-body.ts';

/** A page of 100 jobs is some 400 kB; nothing we ask for comes near this. */
const JSON_LIMIT_BYTES = 16 * 1024 * 1024;

export interface RequesterOptions {
  /** For a whole JSON answer; for a log until its headers. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Takes the place of gitbeaker's own requester, which tries ten times within 0.3 s, ignores `Retry-After` and
 * hangs the live request with its token on its errors. This one tries once: the queue knows when to try again.
 */
export function createRequester(options: RequesterOptions): (resource: ResourceOptions) => RequesterType {
  return createRequesterFn(
    (_, request) => Promise.resolve(request),
    // gitbeaker lets the caller name the body's type; here it stays unknown until it was parsed.
    (path, request) => send(path, request as RequestOptions, options) as Promise<FormattedResponse>,
  );
}

async function send(
  path: string,
  request: RequestOptions,
  { timeoutMs, clock }: RequesterOptions,
): Promise<FormattedResponse<ResponseBodyTypes>> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const response = await fetch(address(path, request), {
      method: request.method ?? 'GET',
      headers: { ...request.headers, 'user-agent': 'sideband-collector' },
      // A redirect is never followed: fetch would carry the token along.
      redirect: 'manual',
      signal: deadline.signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw statusError(response, path, clock.now());
    }
    const body =
      request.asStream === true ? await openLog(response, path) : await readJson(response, path, timeoutMs);
    return { body, status: response.status, headers: Object.fromEntries(response.headers) };
  } catch (error) {
    if (isSidebandError(error)) throw error;
    throw connectionError(error, path, deadline.signal.aborted || error instanceof SilentError);
  } finally {
    clearTimeout(timer);
  }
}

function address(path: string, request: RequestOptions): URL {
  const url = new URL(path, request.prefixUrl);
  url.search = request.searchParams ?? '';
  return url;
}

async function openLog(response: Response, path: string): Promise<ReadableStream<Uint8Array> | null> {
  if (!mediaType(response).startsWith('text/html')) return response.body;
  await response.body?.cancel();
  throw bodyError(response, path, 'not-a-log');
}

async function readJson(response: Response, path: string, timeoutMs: number): Promise<ResponseBodyTypes> {
  if (mediaType(response) !== 'application/json' || response.body === null) {
    await response.body?.cancel();
    throw bodyError(response, path, 'not-json');
  }
  const text = await readText(response.body, timeoutMs, JSON_LIMIT_BYTES);
  if (text === undefined) throw bodyError(response, path, 'too-large');
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse throws quotes the text; where it broke off helps nobody.
    throw bodyError(response, path, 'malformed');
  }
}

function mediaType(response: Response): string {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}
