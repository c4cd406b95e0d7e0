import { describe, expect, it } from 'vitest';
import { createRunnerLines, type RunnerLine } from './runner-lines.ts';

const STAMP = '2026-11-22T10:00:00.000000Z';

function hear(lines: readonly string[]): { heard: readonly RunnerLine[]; ignored: readonly string[] } {
  const ignored: string[] = [];
  const runnerLines = createRunnerLines(16_384, (reason) => ignored.push(reason));
  return { heard: lines.flatMap((text) => runnerLines.hear({ text, cut: false })), ignored };
}

function whole(lines: readonly string[]): readonly string[] {
  return hear(lines)
    .heard.filter((line) => line.whole && !line.cut)
    .map(({ text, number }) => `${number} ${text}`);
}

describe('the lines of a runner', () => {
  it('are all that a plain trace has', () => {
    expect(whole(['one', `${STAMP} 01O two`])).toEqual(['1 one', `2 ${STAMP} 01O two`]);
  });

  it('are those of its own stream in a timestamped trace', () => {
    const { heard, ignored } = hear([`${STAMP} 00O one`, `${STAMP} 01O two`, `${STAMP} 00E three`, 'four']);
    expect(heard.map(({ text }) => text)).toEqual(['one']);
    expect(ignored).toEqual(['no-timestamp']);
  });

  it('are put together where they were broken off, and then stand where they ended', () => {
    const long = 'x'.repeat(8_200);
    expect(whole([`${STAMP} 00O ${long}`, `${STAMP} 01O between`, `${STAMP} 00O+ the end`])).toEqual([
      `3 ${long} the end`,
    ]);
  });

  it('are known as whole when they turn out not to go on', () => {
    expect(whole([`${STAMP} 00O one\r`, `${STAMP} 00O two`])).toEqual(['1 one\r', '2 two']);
    expect(whole([`${STAMP} 00O one\r`])).toEqual([]);
  });

  it('are not whole where they go on from a line that was not broken off', () => {
    expect(whole([`${STAMP} 00O one`, `${STAMP} 00O+two`, `${STAMP} 00O+three`])).toEqual(['1 one']);
  });

  it('give each section marker once', () => {
    const { heard } = hear([
      `${STAMP} 00O section_end:1:a\r`,
      `${STAMP} 00O+\u001b[0Ksection_start:1:b\r`,
      `${STAMP} 00O+\u001b[0Ktext\r`,
      `${STAMP} 00O+more`,
    ]);
    expect(heard.flatMap(({ markers }) => markers.map(({ edge, name }) => `${edge} ${name}`))).toEqual([
      'end a',
      'start b',
    ]);
    const shared = hear([`${STAMP} 00O section_end:1:a\rtext\r`, `${STAMP} 00O+more`]);
    expect(shared.heard.map(({ markers }) => markers.length)).toEqual([1, 0]);
  });
});
