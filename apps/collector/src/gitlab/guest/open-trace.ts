import type { Readable } from 'node:stream';
import { isSidebandError } from '@sideband/shared/errors';
import { connectionError, shapeError } from '../answer-error.ts';
import { readChunks, SilentError } from '../read-body.ts';
import type { Ask } from './ask.ts';
import { ACCEPTED_ENCODINGS } from './decode-body.ts';
import { openPiece, type TracePiece } from './trace-piece.ts';

/** What tells a job's images is within the first 20 kB; who wants more than this costs GitLab a second request. */
const FIRST_RANGE_BYTES = 65_536;

interface TraceParts {
  readonly ask: Ask;
  /** How long nothing may come while the reader waits. */
  readonly silenceMs: number;
  readonly onTraceBytes: ((bytes: number) => void) | undefined;
}

/**
 * Reads logs: at first 64 KiB, and only if the reader wants more, the rest as a stream that ends when the reader does.
 * GitLab itself answers with the whole log, as a stream from its start; a storage or proxy before it may know ranges.
 */
export function createTraceOpener(parts: TraceParts): (path: string) => AsyncGenerator<Uint8Array, void> {
  const { ask, silenceMs, onTraceBytes } = parts;
  let asksForRanges = true;

  return async function* openTrace(path) {
    let read = 0;
    for (;;) {
      const piece = await nextPiece(path, read);
      if (piece === undefined) return;
      let at = piece.from;
      for await (const chunk of chunksOf(piece.body, path)) {
        // The whole log may come after a range of it: what was read is not given twice.
        const fresh = chunk.subarray(Math.max(0, read - at));
        at += chunk.byteLength;
        read += fresh.byteLength;
        if (fresh.byteLength > 0) yield fresh;
      }
      if (piece.to !== undefined && piece.to !== at)
        throw shapeError(path, 'malformed', 'a range of the log was not as long as it said');
      if (piece.isLast) return;
    }
  };

  /** `undefined` if the log ends at `from`. */
  async function nextPiece(path: string, from: number): Promise<TracePiece | undefined> {
    const range = `bytes=${from}-${from === 0 ? FIRST_RANGE_BYTES - 1 : ''}`;
    try {
      const piece = asksForRanges ? await fetchPiece(path, from, { range }) : undefined;
      if (piece !== undefined) return piece;
      // Asked once a process, then no more.
      asksForRanges = false;
      const whole = await fetchPiece(path, from, {});
      if (whole !== undefined) return whole;
    } catch (error) {
      // Range Not Satisfiable: an empty log, or one that has not grown.
      if (isSidebandError(error) && error.details['status'] === 416) return undefined;
      throw error;
    }
    throw shapeError(path, 'malformed', 'a range of the log that was not asked for');
  }

  function fetchPiece(
    path: string,
    from: number,
    range: { readonly range?: string },
  ): Promise<TracePiece | undefined> {
    const headers = { ...range, 'accept-encoding': ACCEPTED_ENCODINGS };
    return ask({ method: 'GET', path, headers }, (answer) => {
      const piece = openPiece(answer, path, from, onTraceBytes);
      if (piece === undefined) answer.body.destroy();
      return piece;
    });
  }

  async function* chunksOf(body: Readable, path: string): AsyncGenerator<Uint8Array, void> {
    try {
      yield* readChunks(body, silenceMs);
    } catch (error) {
      throw connectionError(error, path, error instanceof SilentError);
    }
  }
}
