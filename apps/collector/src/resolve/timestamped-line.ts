/** A line of a trace whose runner puts a time and a stream before each (`FF_TIMESTAMPS`: 16.11, default in 18.7). */
export interface TimestampedLine {
  /**
   * Written by the runner itself: stream 00, standard output. A job's script is 01, services are 0f and up;
   * the runner's standard *error* is not its own voice either, for it prints the logs of a service that failed
   * its health check there (executors/docker/services.go, `waitForServiceContainer`).
   */
  readonly fromRunner: boolean;
  /** Goes on where the previous line of the same stream was broken off, at a `\r` or after 8 KiB. */
  readonly continues: boolean;
  readonly text: string;
}

const HEADER = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z ([0-9a-f]{2}[OE])([ +])/;

/**
 * Takes one header off. The runner writes one before every line, after each line feed that somebody printed:
 * what a script prints looks like a header only behind the real one.
 */
export function parseTimestampedLine(line: string): TimestampedLine | undefined {
  const header = HEADER.exec(line);
  if (header === null) return undefined;
  return {
    fromRunner: header[1] === '00O',
    continues: header[2] === '+',
    text: line.slice(header[0].length),
  };
}
