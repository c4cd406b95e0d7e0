import { Buffer } from 'node:buffer';

export interface Line {
  /** Without its line feed. A carriage return stays: it is part of the line, whatever a terminal makes of it. */
  readonly text: string;
  /** The line was longer than the limit; what was beyond it has been dropped. */
  readonly cut: boolean;
}

export interface LineSplitter {
  /** The lines that end within these bytes. Stop iterating and the rest of the bytes is not looked at. */
  push(bytes: Uint8Array): Generator<Line, void, undefined>;
  /** What came after the last line feed. */
  rest(): Line;
  /** Bytes up to the end of the last line given out. */
  readonly consumed: number;
}

const LINE_FEED = 0x0a;

/** Splits at line feeds only and holds at most `limit` bytes, however long a line is. */
export function createLineSplitter(limit: number): LineSplitter {
  const held = Buffer.allocUnsafe(limit);
  let heldBytes = 0;
  let lineBytes = 0;
  let consumed = 0;

  function hold(piece: Buffer): void {
    lineBytes += piece.length;
    heldBytes += piece.copy(held, heldBytes, 0, limit - heldBytes);
  }

  function rest(): Line {
    return { text: held.toString('utf8', 0, heldBytes), cut: lineBytes > limit };
  }

  return {
    *push(bytes) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let from = 0;
      for (let end = buffer.indexOf(LINE_FEED); end !== -1; end = buffer.indexOf(LINE_FEED, from)) {
        hold(buffer.subarray(from, end));
        from = end + 1;
        consumed += lineBytes + 1;
        const line = rest();
        heldBytes = 0;
        lineBytes = 0;
        yield line;
      }
      hold(buffer.subarray(from));
    },
    rest,
    get consumed() {
      return consumed;
    },
  };
}
