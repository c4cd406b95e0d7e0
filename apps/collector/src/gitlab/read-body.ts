import type { Readable } from 'node:stream';

/** Thrown by `readChunks` when nothing came for too long. */
export class SilentError extends Error {
  override readonly name = 'SilentError';
}

/**
 * The body as it arrives. Throws `SilentError` if nothing comes for `silenceMs` while somebody waits for it;
 * the reader's own pauses do not count. However it ends, the body is destroyed.
 */
export async function* readChunks(body: Readable, silenceMs: number): AsyncGenerator<Uint8Array, void> {
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, chunks.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    body.destroy();
  }
}

/** The whole body as text, or `undefined` if it is larger than `limitBytes`. */
export async function readText(
  body: Readable,
  silenceMs: number,
  limitBytes: number,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readChunks(body, silenceMs)) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilentError()), milliseconds);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
