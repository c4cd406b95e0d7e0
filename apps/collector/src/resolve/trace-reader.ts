import type { SystemId } from '@sideband/shared/names';
import { createImageTally, type TraceImage } from './image-tally.ts';
import { type RunnerSentence, readRunnerSentence } from './runner-sentence.ts';
import { createLineSplitter, type Line } from './split-lines.ts';
import { parseTimestampedLine } from './timestamped-line.ts';
import { type UndressedLine, undress } from './undress.ts';

/** What the head of a job's trace says. Only the runner's own words count, never what a job could print. */
export interface TraceHead {
  /** In the order in which the runner first said that it uses them. */
  readonly images: readonly TraceImage[];
  readonly systemId: SystemId | undefined;
  /** The preparation is over, so no image is missing. If not, this is all there is, and final if the job ended. */
  readonly complete: boolean;
  readonly format: 'timestamped' | 'plain' | 'unknown';
  /** Up to the end of the last line that was looked at. */
  readonly bytesRead: number;
  /** Lines that would have mattered and were not believed, counted by reason. */
  readonly ignored: readonly { readonly reason: string; readonly count: number }[];
}

export interface TraceLimits {
  /** Longer lines are not read. A line with names in it has some hundred bytes. */
  readonly lineBytes: number;
  /** Where reading stops at the latest. The preparation prints a few kB, a failing service's log 64 KiB more. */
  readonly headBytes: number;
}

export const TRACE_LIMITS: TraceLimits = { lineBytes: 16 * 1024, headBytes: 512 * 1024 };

export interface TraceReader {
  /** True when it knows enough; what is pushed after that is not read. */
  push(bytes: Uint8Array): boolean;
  /** Call it once, at the end. */
  finish(): TraceHead;
}

interface ReadLine extends Line {
  readonly undressed: UndressedLine;
}

const CONTROL = /\p{Cc}/u;

/** A state machine over bytes: however they are cut into chunks, the result is the same. */
export function createTraceReader(limits: TraceLimits = TRACE_LIMITS): TraceReader {
  const splitter = createLineSplitter(limits.lineBytes);
  const tally = createImageTally();
  const ignored = new Map<string, number>();
  let format: TraceHead['format'] = 'unknown';
  let systemId: SystemId | undefined;
  let received = 0;
  /** The Docker executor has begun; what another executor's driver prints names no image of this engine. */
  let docker = false;
  let preparing = false;
  let complete = false;
  let done = false;
  /** The runner's last line, until the next one shows that it does not go on. */
  let held: ReadLine | undefined;

  function ignore(reason: string): void {
    ignored.set(reason, (ignored.get(reason) ?? 0) + 1);
  }

  function readLine(line: Line): void {
    if (format === 'unknown') recognise(line);
    if (done) return;
    if (format === 'plain') {
      const read = { ...line, undressed: undress(line.text) };
      if (!endsPreparation(read)) believe(read);
      return;
    }
    if (format === 'timestamped') readTimestamped(line);
  }

  /** The first line that says something decides; a job that prints in the other format later changes nothing. */
  function recognise(line: Line): void {
    if (parseTimestampedLine(line.text) !== undefined) {
      format = 'timestamped';
      return;
    }
    const { text } = undress(line.text);
    if (text === '' && !line.cut) return;
    if (readRunnerSentence(text)?.kind === 'header') format = 'plain';
    // Whatever wrote this, it is no gitlab-runner, and where its own words end cannot be told.
    else done = true;
  }

  function readTimestamped(line: Line): void {
    const stamped = parseTimestampedLine(line.text);
    if (stamped === undefined) ignore('no-timestamp');
    if (!stamped?.fromRunner) return;
    let text = stamped.text;
    let cut = line.cut;
    if (!stamped.continues) {
      believeHeld();
    } else {
      text = (held?.text ?? '') + text;
      // What goes on from a line that we have not seen is no whole line either.
      cut ||= (held?.cut ?? true) || text.length > limits.lineBytes;
      text = text.slice(0, limits.lineBytes);
    }
    held = { text, cut, undressed: undress(text) };
    if (endsPreparation(held)) held = undefined;
  }

  function believeHeld(): void {
    if (held !== undefined) believe(held);
    held = undefined;
  }

  function endsPreparation({ undressed }: ReadLine): boolean {
    for (const { edge, name } of undressed.markers) {
      if (name === 'prepare_executor' && edge === 'start') preparing = true;
      else if (name === 'prepare_executor' || preparing) complete = true;
    }
    if (readRunnerSentence(undressed.text)?.kind === 'prepared') complete = true;
    done ||= complete;
    return complete;
  }

  function believe({ cut, undressed: { text } }: ReadLine): void {
    if (cut) {
      ignore('long-line');
      return;
    }
    const sentence = readRunnerSentence(text);
    if (sentence === undefined) return;
    if (CONTROL.test(text)) ignore('control-character');
    else take(sentence);
  }

  function take(sentence: RunnerSentence): void {
    if (sentence.kind === 'preparing') preparing = true;
    if (sentence.kind === 'executor') docker = true;
    // The runner says who it is before it prints anything that an author could have had a hand in.
    if (sentence.kind === 'manager' && !preparing && !docker) systemId ??= sentence.systemId;
    if (!docker) return;
    const reason = tally.add(sentence);
    if (reason !== undefined) ignore(reason);
  }

  return {
    push(bytes) {
      if (done) return true;
      const room = limits.headBytes - received;
      received += Math.min(bytes.byteLength, room);
      for (const line of splitter.push(bytes.subarray(0, room))) {
        readLine(line);
        if (done) break;
      }
      return done || received >= limits.headBytes;
    },

    finish() {
      const bytesRead = done ? splitter.consumed : received;
      if (!done) {
        // A line without its end may be half a sentence: it can end the preparation, but it names nothing.
        const rest = splitter.rest();
        const text = format === 'timestamped' ? runnerText(rest.text) : rest.text;
        believeHeld();
        if (format !== 'unknown') endsPreparation({ ...rest, undressed: undress(text) });
      }
      return {
        images: tally.images(),
        systemId,
        complete,
        format,
        bytesRead,
        ignored: [...ignored].map(([reason, count]) => ({ reason, count })),
      };
    },
  };
}

function runnerText(line: string): string {
  const stamped = parseTimestampedLine(line);
  return stamped?.fromRunner === true ? stamped.text : '';
}
