import type { Readable } from 'node:stream';
import { bodyError } from '../answer-error.ts';
import { type Answer, mediaType } from './answer.ts';
import { parseContentRange } from './content-range.ts';
import { decodeBody, encodingOf } from './decode-body.ts';

/** Some of a log's bytes, on their way. */
export interface TracePiece {
  /** Decoded. */
  readonly body: Readable;
  readonly from: number;
  /** The first byte after it; `undefined` where it goes on to the log's end. */
  readonly to: number | undefined;
  /** The log, as long as it was by then, ends with it. */
  readonly isLast: boolean;
}

/**
 * `undefined` for a range that cannot be read; the answer's body is the caller's then. Throws if it is no log at all.
 * `from` is where the range that was asked for begins.
 */
export function openPiece(
  answer: Answer,
  path: string,
  from: number,
  onBytes: ((bytes: number) => void) | undefined,
): TracePiece | undefined {
  if (mediaType(answer) === 'text/html') throw bodyError(answer, path, 'not-a-log');
  const isRange = answer.status === 206;
  const range = isRange ? parseContentRange(answer) : undefined;
  // Compressed, it may be a range of the compressed log or a compressed range of the log: nobody says which.
  if (isRange && (range?.from !== from || encodingOf(answer) !== 'identity')) return undefined;
  const body = decodeBody(answer, onBytes);
  if (body === undefined) throw bodyError(answer, path, 'encoding');
  if (range === undefined) return { body, from: 0, to: undefined, isLast: true };
  return { body, from, to: range.to, isLast: range.to === range.total };
}
