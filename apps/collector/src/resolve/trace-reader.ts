import { createImageTally, type ImageTally, type TraceImage } from './image-tally.ts';
import { createPodTally } from './pod-tally.ts';
import { createIntroductionReader, type Introduction } from './runner-introduction.ts';
import { createRunnerLines, type RunnerLine } from './runner-lines.ts';
import { type RunnerSentence, readRunnerSentence } from './runner-sentence.ts';
import { createLineSplitter, type Line } from './split-lines.ts';

/** What the head of a job's trace says. Only the runner's own words count, never what a job could print. */
export interface TraceHead extends Introduction {
  /** In the order in which the runner first said that it uses them. With Kubernetes they are on no host of ours. */
  readonly images: readonly TraceImage[];
  /**
   * How the runner's words are told from a job's: `runner-stream`, by the stream that each line is marked with;
   * `before-script`, for a job's own commands print only when the preparation is over; `nothing`, not at all,
   * since no runner introduces itself, and then nothing is read.
   */
  readonly trusted: 'runner-stream' | 'before-script' | 'nothing';
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

const CONTROL = /\p{Cc}/u;

/** A state machine over bytes: however they are cut into chunks, the result is the same. */
export function createTraceReader(limits: TraceLimits = TRACE_LIMITS): TraceReader {
  const splitter = createLineSplitter(limits.lineBytes);
  const ignored = new Map<string, number>();
  const lines = createRunnerLines(limits.lineBytes, ignore);
  const introduction = createIntroductionReader();
  let tally: ImageTally | undefined;
  let received = 0;
  let introduced = false;
  let preparing = false;
  /** The runner has quoted somebody else, whose words may be lines of their own. */
  let strange = false;
  let complete = false;
  let done = false;

  function ignore(reason: string): void {
    ignored.set(reason, (ignored.get(reason) ?? 0) + 1);
  }

  function readLine(line: Line): void {
    for (const said of lines.hear(line)) {
      const sentence = readRunnerSentence(said.text);
      if (!introduced) meet(said, sentence);
      else if (!endsPreparation(said, sentence) && said.whole) believe(said, sentence);
      if (done) return;
    }
  }

  /** Whatever begins otherwise was not written by gitlab-runner, and where its own words end cannot be told. */
  function meet(line: RunnerLine, sentence: RunnerSentence | undefined): void {
    if (!line.whole || (line.text === '' && !line.cut)) return;
    introduced = sentence?.kind === 'header' && whyWorthless(line, sentence) === undefined;
    if (introduced) take(sentence, line.number);
    else done = true;
  }

  function endsPreparation({ markers }: RunnerLine, sentence: RunnerSentence | undefined): boolean {
    for (const { edge, name } of markers) {
      if (name === 'prepare_executor' && edge === 'start') preparing = true;
      else if (name === 'prepare_executor' || preparing) complete = true;
    }
    if (sentence?.kind === 'prepared') complete = true;
    done ||= complete;
    return complete;
  }

  function believe(line: RunnerLine, sentence: RunnerSentence | undefined): void {
    const wrong = whyWorthless(line, sentence);
    if (wrong !== undefined) ignore(wrong);
    take(wrong === undefined ? sentence : { kind: 'broken' }, line.number);
  }

  function take(sentence: RunnerSentence | undefined, line: number): void {
    const reason = introduction.add(sentence, line);
    if (reason !== undefined) ignore(reason);
    if (sentence === undefined) return;
    if (sentence.kind === 'failure' || sentence.kind === 'broken') strange = true;
    if (sentence.kind === 'preparing') preparing = true;
    if (sentence.kind === 'executor' || sentence.kind === 'kubernetes') begin(sentence.kind);
    const unused = tally?.add(sentence, line);
    if (unused !== undefined) ignore(unused);
  }

  /** What another executor's driver prints names no image of an engine that we know. */
  function begin(kind: 'executor' | 'kubernetes'): void {
    preparing = true;
    // Unknown where GitLab has masked a word of the sentence that names it.
    const { executor = kind === 'executor' ? 'docker' : kind } = introduction.read();
    if (kind === 'executor' && executor.startsWith('docker')) tally ??= createImageTally(strange);
    else if (kind === executor) tally ??= createPodTally();
    else ignore('other-executor');
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
      // A line without its end may be half a sentence: it can end the preparation, but it names nothing.
      const rest = done || !introduced ? undefined : lines.rest(splitter.rest());
      if (rest !== undefined) endsPreparation(rest, readRunnerSentence(rest.text));
      return {
        ...introduction.read(),
        images: tally?.images() ?? [],
        trusted: !introduced ? 'nothing' : lines.format === 'timestamped' ? 'runner-stream' : 'before-script',
        complete,
        format: introduced || lines.format === 'timestamped' ? (lines.format ?? 'unknown') : 'unknown',
        bytesRead,
        ignored: [...ignored].map(([reason, count]) => ({ reason, count })),
      };
    },
  };
}

function whyWorthless(line: RunnerLine, sentence: RunnerSentence | undefined): string | undefined {
  if (line.cut) return 'long-line';
  if (sentence === undefined) return undefined;
  // What only says that a stranger speaks is believed of any line.
  if (sentence.kind !== 'failure' && CONTROL.test(line.text)) return 'control-character';
  return sentence.kind === 'broken' ? 'broken-line' : undefined;
}
