import type { Line } from './split-lines.ts';
import { parseTimestampedLine, type TimestampedLine } from './timestamped-line.ts';
import { type UndressedLine, undress } from './undress.ts';

/** A line that the runner wrote itself, as far as that can be told of a single line. */
export interface RunnerLine extends UndressedLine {
  /** Of the line of the trace on which it ended; the first is 1. */
  readonly number: number;
  /** Some of it is missing. */
  readonly cut: boolean;
  /** It does not go on in the next line. One that may comes first like this, then again, its markers left out. */
  readonly whole: boolean;
}

export interface RunnerLines {
  /** Undefined until a line has said something. */
  readonly format: 'timestamped' | 'plain' | undefined;
  /** What the runner is known to have said with this line: nothing, it, or the one before and it. */
  hear(line: Line): readonly RunnerLine[];
  /** The same of a line whose end has not come. It is never whole. */
  rest(line: Line): RunnerLine | undefined;
}

/** A line of the runner that was broken off at a `\r` or for its length. */
interface OpenLine extends Line {
  readonly number: number;
}

/** The runner breaks lines at 8 KiB, which are 2720 characters at least. */
const MAY_GO_ON_LENGTH = 2_000;

/** Picks the runner's own lines and puts the broken ones together. A first line decides on the format for good. */
export function createRunnerLines(limit: number, ignore: (reason: string) => void): RunnerLines {
  let format: RunnerLines['format'];
  let number = 0;
  let open: OpenLine | undefined;

  function recognise({ text, cut }: Line): void {
    if (parseTimestampedLine(text) !== undefined) format = 'timestamped';
    else if (cut || undress(text).text !== '') format = 'plain';
  }

  function hearTimestamped(line: Line): readonly RunnerLine[] {
    const stamped = parseTimestampedLine(line.text);
    if (stamped === undefined) ignore('no-timestamp');
    if (!stamped?.fromRunner) return [];
    if (stamped.continues) return [hearStamped(stamped, line.cut)];
    const before = close();
    const heard = hearStamped(stamped, line.cut);
    return before === undefined ? [heard] : [before, heard];
  }

  function hearStamped({ continues, text: added }: TimestampedLine, isCut: boolean): RunnerLine {
    const text = (open?.text ?? '') + added;
    // What goes on from a line that was not broken off is no whole line either.
    const headless = continues && (open?.cut ?? true);
    const cut = isCut || headless || text.length > limit;
    const whole = !added.includes('\r') && added.length < MAY_GO_ON_LENGTH;
    const undressed = undress(text.slice(0, limit));
    // Markers stand at the beginning, and those of a line that has said more have been given.
    const markers = open === undefined || open.text === '' ? undressed.markers : [];
    // Kept is only what a whole line could still need: joining a flood of pieces must not take square time.
    const worthless = cut || undressed.text === '';
    open = whole ? undefined : { text: worthless ? '' : text, cut, number };
    return { text: undressed.text, markers, cut, number, whole };
  }

  function close(): RunnerLine | undefined {
    if (open === undefined) return undefined;
    const { text, cut, number: last } = open;
    open = undefined;
    return { text: undress(text).text, markers: [], cut, number: last, whole: true };
  }

  return {
    get format() {
      return format;
    },

    hear(line) {
      number += 1;
      if (format === undefined) recognise(line);
      if (format === 'plain') return [{ ...undress(line.text), cut: line.cut, number, whole: true }];
      return format === 'timestamped' ? hearTimestamped(line) : [];
    },

    rest(line) {
      if (format === undefined) return undefined;
      const stamped = format === 'timestamped' ? parseTimestampedLine(line.text) : undefined;
      if (format === 'timestamped' && !stamped?.fromRunner) return undefined;
      const text = stamped?.text ?? line.text;
      return { ...undress(text), cut: line.cut, number: number + 1, whole: false };
    },
  };
}
