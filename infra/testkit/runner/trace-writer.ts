import type { Clock } from '@sideband/shared/clock';

/**
 * - `timestamped`: gitlab-runner 19.x, where FF_TIMESTAMPS is on (as since 18.7).
 * - `timestamped-split`: the same up to 18.11, which cut a section marker after its carriage return.
 * - `plain`: before 18.7, or with the flag off.
 */
export type TraceFormat = 'timestamped' | 'timestamped-split' | 'plain';

/** Turns what the runner writes into the bytes of the log. Each method answers what is to be appended. */
export interface TraceWriter {
  /** A whole line of the runner itself (stream 00), given without its line feed. */
  line(text: string): string;
  /** A section marker: no line feed, but a carriage return in it. */
  marker(text: string): string;
  /** A whole line of the job's containers (stream 01). */
  script(text: string, type: 'O' | 'E'): string;
  /** The end of one of the runner's loggers: what follows begins afresh. */
  close(): string;
}

export function traceWriter(format: TraceFormat, clock: Clock): TraceWriter {
  return format === 'plain' ? plainWriter() : timestampedWriter(format === 'timestamped-split', clock);
}

function plainWriter(): TraceWriter {
  return {
    line: (text) => `${text}\n`,
    marker: (text) => text,
    script: (text) => `${text}\n`,
    close: () => '',
  };
}

/** As common/buildlogger/internal/timestamper does: `<time> <stream><type><' ' or '+'><text>`. */
function timestampedWriter(split: boolean, clock: Clock): TraceWriter {
  // The next line of stream 00 goes on with the one before, since that was flushed for its carriage return.
  let continued = false;
  // Begun, with its time, and not yet flushed.
  let pending = '';

  const time = (): string => `${new Date(clock.now()).toISOString().slice(0, -1)}000Z`;
  const header = (): string => {
    const text = `${time()} 00O${continued ? '+' : ' '}`;
    continued = false;
    return text;
  };
  const begun = (): string => {
    const text = pending === '' ? header() : pending;
    pending = '';
    return text;
  };

  return {
    line: (text) => `${begun()}${text}\n`,
    marker(text) {
      const cut = split ? text.lastIndexOf('\r') + 1 : text.length;
      const flushed = `${begun()}${text.slice(0, cut)}\n`;
      continued = true;
      if (cut < text.length) pending = header() + text.slice(cut);
      return flushed;
    },
    script: (text, type) => `${time()} 01${type} ${text}\n`,
    close() {
      const rest = pending === '' ? '' : `${pending}\n`;
      pending = '';
      continued = false;
      return rest;
    },
  };
}
