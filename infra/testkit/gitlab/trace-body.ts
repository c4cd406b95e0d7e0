import { pipeline, Readable, type Transform } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createBrotliCompress, createGzip } from 'node:zlib';
import type { ByteRange } from './byte-range.ts';

const CHUNK_BYTES = 16 * 1_024;
const FILLER = Buffer.alloc(
  CHUNK_BYTES,
  'This line is here only to make the log long, as a chatty build does.\n',
);

export type Compression = 'gzip' | 'br';

export interface TraceBody {
  readonly written: Buffer;
  /** So many bytes follow what was written. */
  readonly padding: number;
  /** All of it unless told. */
  readonly range?: ByteRange | undefined;
  readonly compression?: Compression | undefined;
  /** Hears of each piece as it is handed to the connection. */
  readonly onBytes: (bytes: number) => void;
}

/** A job's log, piece by piece. Between pieces the event loop turns, so a reader that hangs up is noticed at once. */
export async function* traceBody(body: TraceBody): AsyncGenerator<Buffer> {
  for await (const chunk of compressed(body)) {
    body.onBytes(chunk.length);
    yield chunk;
    await turn();
  }
}

function compressed(body: TraceBody): AsyncIterable<Buffer> {
  if (body.compression === undefined) return plain(body);
  const through: Transform = body.compression === 'gzip' ? createGzip() : createBrotliCompress();
  // A reader that hangs up ends both; there is nobody to tell.
  return pipeline(Readable.from(plain(body), { highWaterMark: 1 }), through, () => undefined);
}

async function* plain({ written, padding, range }: TraceBody): AsyncGenerator<Buffer> {
  const end = range === undefined ? written.length + padding : range.last + 1;
  for (let at = range?.first ?? 0; at < end; ) {
    const piece =
      at < written.length
        ? written.subarray(at, Math.min(at + CHUNK_BYTES, end))
        : filler(at - written.length, end - at);
    yield piece;
    at += piece.length;
  }
}

/** What is at this offset of the padding, which repeats itself every chunk. */
function filler(offset: number, most: number): Buffer {
  const from = offset % CHUNK_BYTES;
  return FILLER.subarray(from, Math.min(from + most, CHUNK_BYTES));
}
