import {
  createRequesterFn,
  type FormattedResponse,
  type RequesterType,
  type RequestOptions,
  type ResourceOptions,
  type ResponseBodyTypes,
} from '@gitbeaker/requester-utils';
import { bodyError } from './answer-error.ts';
import { type Answer, mediaType } from './guest/answer.ts';
import type { Ask } from './guest/ask.ts';
import { ACCEPTED_ENCODINGS, decodeBody } from './guest/decode-body.ts';
import { readText } from './read-body.ts';

/** A page of 100 jobs is some 400 kB; nothing we ask for comes near this. */
const JSON_LIMIT_BYTES = 16 * 1024 * 1024;
const NO_CONTENT = 204;

/**
 * Takes the place of gitbeaker's own requester, which tries ten times within 0.3 s, ignores `Retry-After` and
 * hangs the live request with its token on its errors. Answers are JSON or empty; a log is opened elsewhere.
 * `silenceMs`: how long nothing of an answer may come.
 */
export function createRequester(ask: Ask, silenceMs: number): (resource: ResourceOptions) => RequesterType {
  const send = (path: string, request: RequestOptions): Promise<FormattedResponse<ResponseBodyTypes>> => {
    const { method = 'GET', searchParams = '', headers = {}, body } = request;
    // gitbeaker makes forms for uploads only.
    if (body instanceof FormData) throw new TypeError('Sideband uploads nothing to GitLab');
    const asked = {
      method,
      path,
      search: searchParams,
      headers: { ...headers, accept: 'application/json', 'accept-encoding': ACCEPTED_ENCODINGS },
      ...(body === undefined ? {} : { body }),
    };
    return ask(asked, async (answer) => {
      const { status, headers } = answer;
      return { status, headers: { ...headers }, body: await readJson(answer, path, silenceMs) };
    });
  };
  return createRequesterFn(
    (_, request) => Promise.resolve(request),
    // gitbeaker lets the caller name the body's type; here it stays unknown until it was parsed.
    (path, request) => send(path, request as RequestOptions) as Promise<FormattedResponse>,
  );
}

async function readJson(answer: Answer, path: string, silenceMs: number): Promise<ResponseBodyTypes> {
  if (answer.status === NO_CONTENT) return null;
  if (mediaType(answer) !== 'application/json') throw bodyError(answer, path, 'not-json');
  const body = decodeBody(answer);
  if (body === undefined) throw bodyError(answer, path, 'encoding');
  const text = await readText(body, silenceMs, JSON_LIMIT_BYTES);
  if (text === undefined) throw bodyError(answer, path, 'too-large');
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse throws quotes the text; where it broke off helps nobody.
    throw bodyError(answer, path, 'malformed');
  }
}
