import { Agent, type IncomingMessage } from 'node:http';
import { errorText, SidebandError } from '@sideband/shared/errors';
import Dockerode from 'dockerode';
import { pickApiVersion } from './api-version.ts';

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without the version: `/images/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
}

/** One engine as long as it can be reached; a new one begins after each failure to reach it. */
export interface Session {
  readonly apiVersion: string;
}

/** HTTP to one engine. Throws `ENGINE_UNAVAILABLE` or `ENGINE_FAILED`; any status is an answer. */
export interface Wire {
  session(): Promise<Session>;
  ask(call: Call): Promise<Answer>;
}

/** Raised where the engine took the request and did not answer in time. It may still be working on it. */
export const NO_ANSWER = 'no answer in time';

interface Sent {
  readonly answer: Answer;
  /** The newest the engine has, from its header. */
  readonly apiVersion: string;
}

type Dial = (
  options: {
    readonly path: string;
    readonly method: string;
    readonly options: Record<string, string>;
    readonly isStream: true;
    readonly statusCodes: Readonly<Record<number, true>>;
    readonly abortSignal: AbortSignal;
  },
  done: (error: unknown, response: IncomingMessage) => void,
) => void;

const PING_TIMEOUT_MS = 10_000;
/** Ten thousand images are listed in about 10 MB. */
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;
const UNREACHABLE: ReadonlySet<unknown> = new Set(
  'ECONNREFUSED ENOENT EACCES EPERM ENOTSOCK ENOTDIR ECONNRESET EPIPE'.split(' '),
);
/** docker-modem makes an error without a body of any status that is not listed. */
const EVERY_STATUS: Readonly<Record<number, true>> = Object.fromEntries(
  Array.from({ length: 500 }, (_, index) => [100 + index, true as const]),
);

export function createWire(socketPath: string): Wire {
  const dial = createDial(socketPath);
  let current: Promise<Session> | undefined;

  async function send(path: string, call: Call): Promise<Sent> {
    const signal = AbortSignal.timeout(call.timeoutMs);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const query = { ...call.query };
        const options = { path, method: call.method, options: query, isStream: true } as const;
        dial({ ...options, statusCodes: EVERY_STATUS, abortSignal: signal }, (error, answer) =>
          error ? reject(error) : resolve(answer),
        );
      });
      const answer = { status: response.statusCode ?? 0, body: parse(await readText(response)) };
      return { answer, apiVersion: String(response.headers['api-version'] ?? '') };
    } catch (error) {
      throw explain(error, call, signal.aborted);
    }
  }

  async function negotiate(): Promise<Session> {
    const call: Call = { method: 'GET', path: '/_ping', timeoutMs: PING_TIMEOUT_MS };
    const pong = await send(call.path, call);
    return { apiVersion: pickApiVersion(pong.apiVersion) };
  }

  function session(): Promise<Session> {
    current ??= negotiate();
    return forgetIfItFails(current);
  }

  async function forgetIfItFails<T>(attempt: Promise<T>): Promise<T> {
    try {
      return await attempt;
    } catch (error) {
      current = undefined;
      throw error;
    }
  }

  async function ask(call: Call): Promise<Answer> {
    const { apiVersion } = await session();
    // docker-modem takes the query only behind a `?`.
    const { answer } = await forgetIfItFails(send(`/v${apiVersion}${call.path}?`, call));
    if (!isVersionRefusal(answer)) return answer;
    // The engine was replaced by another between two calls. It did nothing yet, so asking again is safe.
    current = undefined;
    const anew = await session();
    return (await forgetIfItFails(send(`/v${anew.apiVersion}${call.path}?`, call))).answer;
  }

  return { session, ask };
}

function createDial(socketPath: string): Dial {
  // Every field is given, since docker-modem fills the others from DOCKER_HOST and its relatives, and a host from
  // there would win over the socket the operator named. No kept connections: after the engine's restart
  // the first request on one would fail.
  const nothingElse = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
  const options: Dockerode.DockerOptions & { readonly agent: Agent } = {
    ...nothingElse,
    socketPath,
    protocol: 'http',
    timeout: undefined,
    agent: new Agent({ keepAlive: false }),
  };
  const { modem } = new Dockerode(options) as { readonly modem: { readonly dial: Dial } };
  return (request, done) => modem.dial(request, done);
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) throw new Error(`the answer is larger than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function explain(error: unknown, call: Call, timedOut: boolean): SidebandError {
  const details = { call: `${call.method} ${call.path}` };
  if (timedOut) {
    return new SidebandError('ENGINE_FAILED', { ...details, reason: NO_ANSWER, waitedMs: call.timeoutMs });
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (UNREACHABLE.has(code)) return new SidebandError('ENGINE_UNAVAILABLE', { ...details, reason: code });
  return new SidebandError('ENGINE_FAILED', { ...details, reason: errorText(error).slice(0, 300) });
}

function isVersionRefusal(answer: Answer): boolean {
  // "client version 1.41 is too old. Minimum supported API version is 1.44, …" (also "too new").
  return (
    answer.status === 400 && /client version \S{1,20} is too (?:old|new)/.test(JSON.stringify(answer.body))
  );
}
