import { pickApiVersion } from './api-version.ts';
import { readBody } from './body.ts';
import { createDial, type Dial, type Request } from './dial.ts';
import { type EngineCall, engineCall } from './engine-call.ts';
import { readStream, type StreamCall, type StreamReader } from './stream.ts';
import { wireError } from './wire-error.ts';

interface Call extends Request {
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

/** HTTP to one engine. Throws `ENGINE_UNAVAILABLE` or `ENGINE_FAILED`. */
export interface Wire {
  session(): Promise<Session>;
  /** Any status is an answer. */
  ask(call: Call): Promise<Answer>;
  /** An answer that does not end. Resolves when it is aborted, and throws when it ends by itself. */
  stream(call: StreamCall, reader: StreamReader): Promise<void>;
}

/** For those that only ask. */
export type Asking = Pick<Wire, 'ask'>;

interface Sent {
  readonly answer: Answer;
  /** The newest the engine has, from its header. */
  readonly apiVersion: string;
}

const PING_TIMEOUT_MS = 10_000;

/** `onCall` is told of every request that is made, the pings as well. */
export function createWire(socketPath: string, onCall?: (call: EngineCall) => void): Wire {
  const connect = createDial(socketPath);
  let current: Promise<Session> | undefined;

  const dial: Dial = async (path, request, signal) => {
    onCall?.(engineCall(request));
    return await connect(path, request, signal);
  };

  async function send(path: string, call: Call): Promise<Sent> {
    const signal = AbortSignal.timeout(call.timeoutMs);
    try {
      const response = await dial(path, call, signal);
      const answer = { status: response.statusCode ?? 0, body: await readBody(response) };
      return { answer, apiVersion: String(response.headers['api-version'] ?? '') };
    } catch (error) {
      throw wireError(error, call, signal.aborted ? call.timeoutMs : undefined);
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
    const { answer } = await forgetIfItFails(send(versioned(apiVersion, call), call));
    if (!isVersionRefusal(answer)) return answer;
    // The engine was replaced by another between two calls. It did nothing yet, so asking again is safe.
    current = undefined;
    const anew = await session();
    return (await forgetIfItFails(send(versioned(anew.apiVersion, call), call))).answer;
  }

  async function stream(call: StreamCall, reader: StreamReader): Promise<void> {
    if (reader.signal.aborted) return;
    const begun = await unlessAborted(session(), reader.signal);
    if (begun === undefined) return;
    await forgetIfItFails(readStream(dial, versioned(begun.apiVersion, call), call, reader));
  }

  return { session, ask, stream };
}

function versioned(apiVersion: string, { path }: Request): string {
  // docker-modem takes the query only behind a `?`.
  return `/v${apiVersion}${path}?`;
}

/** What the work gives, or undefined at once when it is aborted first. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return await new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function isVersionRefusal(answer: Answer): boolean {
  // "client version 1.41 is too old. Minimum supported API version is 1.44, …" (also "too new").
  return (
    answer.status === 400 && /client version \S{1,20} is too (?:old|new)/.test(JSON.stringify(answer.body))
  );
}
