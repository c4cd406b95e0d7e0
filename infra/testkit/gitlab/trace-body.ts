import { setImmediate as turn } from 'node:timers/promises';

const CHUNK_BYTES = 16 * 1_024;
const FILLER = 'This line is here only to make the log long, as a chatty build does.\n';

/**
 * A job's log, piece by piece: what was written, then `padding` bytes more. `onBytes` hears of each piece as it is
 * handed over. Between pieces the event loop turns, so a reader that hangs up is noticed at once.
 */
export async function* traceBody(
  trace: string,
  padding: number,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const written = Buffer.from(trace);
  const filler = Buffer.alloc(CHUNK_BYTES, FILLER);
  for (let at = 0; at < written.length; at += CHUNK_BYTES) {
    yield* piece(written.subarray(at, at + CHUNK_BYTES), onBytes);
  }
  for (let left = padding; left > 0; left -= CHUNK_BYTES) {
    yield* piece(left < CHUNK_BYTES ? filler.subarray(0, left) : filler, onBytes);
  }
}

async function* piece(bytes: Buffer, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  onBytes(bytes.length);
  yield bytes;
  await turn();
}
