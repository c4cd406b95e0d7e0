import { type Duplex, pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Answer, AnswerHead } from './answer.ts';

/** What we say we can read. No deflate: half of the servers that send it leave out its zlib header. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

/** In lower case; `identity` where the header is absent. */
export function encodingOf(answer: AnswerHead): string {
  const encoding = (answer.headers['content-encoding'] ?? '').trim().toLowerCase();
  return encoding === '' ? 'identity' : encoding;
}

/**
 * The answer's body decoded, or `undefined` if it is encoded as we cannot read. Destroying what is returned closes
 * the connection. `onBytes` is told of the bytes as they came over the wire.
 */
export function decodeBody(answer: Answer, onBytes?: (bytes: number) => void): Readable | undefined {
  const encoding = encodingOf(answer);
  const decoder = encoding === 'identity' ? [] : [createDecoder(encoding)];
  const decoders = decoder.filter((stage) => stage !== undefined);
  if (decoders.length < decoder.length) return undefined;
  const stages = onBytes === undefined ? decoders : [meter(onBytes), ...decoders];
  const last = stages.at(-1);
  if (last === undefined) return answer.body;
  // A failure reaches whoever reads the last stage.
  pipeline([answer.body, ...stages], () => undefined);
  return last;
}

function createDecoder(encoding: string): Duplex | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

function meter(onBytes: (bytes: number) => void): Duplex {
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      onBytes(chunk.byteLength);
      done(null, chunk);
    },
  });
}
