import pc from 'picocolors';

/** Says to a person what the demonstration does. With `--json` it speaks to stderr, so that stdout is the result alone. */
export interface Narrator {
  /** One line for each step. */
  step(what: string, detail?: string): void;
  line(text: string): void;
  /** Replaces what it drew before, where the terminal can; else prints it. */
  draw(lines: readonly string[]): void;
  readonly isLive: boolean;
}

export function createNarrator(stream: NodeJS.WriteStream): Narrator {
  const isLive = stream.isTTY === true;
  let drawn = 0;
  const write = (text: string): void => void stream.write(text);
  return {
    isLive,
    step: (what, detail = '') =>
      write(`${pc.green('•')} ${what}${detail === '' ? '' : `  ${pc.dim(detail)}`}\n`),
    line: (text) => write(`${text}\n`),
    draw: (lines) => {
      const width = stream.columns ?? 120;
      const cut = lines.map((line) => line.slice(0, isLive ? width - 1 : undefined));
      // Back to the first line drawn, and clear from there on.
      write(isLive && drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '');
      write(`${cut.join('\n')}\n`);
      drawn = cut.length;
    },
  };
}
