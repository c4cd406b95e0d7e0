/** An event is a few kB; one of this size has labels that nobody reads. */
export const LINE_LIMIT_BYTES = 1_000_000;

const LINE_FEED = 0x0a;

export interface LineReader {
  /** A whole line without its line feed, and without a carriage return before that. Empty ones are left out. */
  readonly onLine: (line: string) => void;
  /** In place of a line longer than `LINE_LIMIT_BYTES`. */
  readonly onTooLong: () => void;
}

/**
 * Puts lines together from chunks that may end anywhere, within a character as well. What follows the last line
 * feed is no line yet. Holds no more than one line and one chunk.
 */
export function lineSplitter({ onLine, onTooLong }: LineReader): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let bytes = 0;

  function take(part: Buffer): void {
    bytes += part.length;
    if (bytes > LINE_LIMIT_BYTES) parts = [];
    else if (part.length > 0) parts.push(part);
  }

  function finish(): void {
    const [isTooLong, line] = [bytes > LINE_LIMIT_BYTES, Buffer.concat(parts).toString('utf8').trimEnd()];
    parts = [];
    bytes = 0;
    if (isTooLong) onTooLong();
    else if (line !== '') onLine(line);
  }

  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      take(chunk.subarray(start, end));
      finish();
      start = end + 1;
    }
    take(chunk.subarray(start));
  };
}
