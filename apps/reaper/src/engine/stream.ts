import type { IncomingMessage } from 'node:http';
import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import { engineWords } from './answers.ts';
import { readBody } from './body.ts';
import type { Dial, Request } from './dial.ts';
import { wireError } from './wire-error.ts';

export interface StreamCall extends Request {
  /** For the head of the answer. What comes after it may take hours. */
  readonly timeoutMs: number;
}

export interface StreamReader {
  /** The engine has accepted. */
  readonly onOpen: () => void;
  /** Called from the socket itself: what it throws ends the stream. */
  readonly onChunk: (chunk: Buffer) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads an answer that does not end. Resolves when it is aborted; throws `ENGINE_UNAVAILABLE` when the engine ends
 * it or goes away, `ENGINE_FAILED` when it refuses or says nothing at all.
 */
export async function readStream(
  dial: Dial,
  path: string,
  call: StreamCall,
  reader: StreamReader,
): Promise<void> {
  const { signal } = reader;
  const connection = new AbortController();
  const hangUp = (): void => connection.abort();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    hangUp();
  }, call.timeoutMs);
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    const response = await dial(path, call, connection.signal);
    if (response.statusCode !== 200) throw await refusal(call, response);
    clearTimeout(timer);
    await drain(response, reader);
    const details = { call: `${call.method} ${call.path}`, reason: 'the engine ended the stream' };
    throw new SidebandError('ENGINE_UNAVAILABLE', details);
  } catch (error) {
    if (signal.aborted) return;
    if (isSidebandError(error)) throw error;
    throw wireError(error, call, isLate ? call.timeoutMs : undefined);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', hangUp);
    hangUp();
  }
}

/** By listeners and not by `for await`, which hands a chunk on only after whatever else is waiting in the process. */
async function drain(response: IncomingMessage, { onOpen, onChunk }: StreamReader): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      try {
        onChunk(chunk);
      } catch (error) {
        reject(error);
      }
    });
    response.once('error', reject);
    response.once('end', resolve);
    onOpen();
  });
}

async function refusal(call: StreamCall, response: IncomingMessage): Promise<SidebandError> {
  const reason = `status ${response.statusCode}: ${engineWords(await readBody(response))}`;
  return new SidebandError('ENGINE_FAILED', { call: `${call.method} ${call.path}`, reason });
}
