/** Thrown by `readChunks` when nothing came for too long. */
export class SilentError extends Error {
  override readonly name = 'SilentError';
}

/**
 * The body as it arrives. Throws `SilentError` if nothing comes for `silenceMs` while somebody waits for it;
 * the reader's own pauses do not count. However it ends, the connection is closed.
 */
export async function* readChunks(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // A stream that failed rejects this too, and was reported already.
    await reader.cancel().catch(() => {});
  }
}

/** The whole body as text, or `undefined` if it is larger than `limitBytes`. */
export async function readText(
  body: ReadableStream<Uint8Array>,
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
