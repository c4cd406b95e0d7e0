import { ManualClock } from '@sideband/shared/clock';
import { describe, expect, it } from 'vitest';
import { type TraceFormat, traceWriter } from './trace-writer.ts';

const TIME = '2026-11-21T10:00:00.123000Z';
const MARKER = 'section_start:1:a\r\u001b[0K';

/** The same writes in each format: a line, two markers, a line, script lines between, a marker, a new logger, a line. */
function write(format: TraceFormat): string {
  const writer = traceWriter(format, new ManualClock(Date.parse('2026-11-21T10:00:00.123Z')));
  return [
    writer.line('one'),
    writer.marker(MARKER),
    writer.marker(MARKER),
    writer.script('out', 'O'),
    writer.line('two'),
    writer.script('err', 'E'),
    writer.line('three'),
    writer.marker(MARKER),
    writer.close(),
    writer.line('four'),
  ].join('');
}

describe('the trace writer', () => {
  it('writes timestamps as 19.x: a line after a marker goes on with it', () => {
    expect(write('timestamped').split('\n')).toEqual([
      `${TIME} 00O one`,
      `${TIME} 00O ${MARKER}`,
      `${TIME} 00O+${MARKER}`,
      `${TIME} 01O out`,
      `${TIME} 00O+two`,
      `${TIME} 01E err`,
      `${TIME} 00O three`,
      `${TIME} 00O ${MARKER}`,
      `${TIME} 00O four`,
      '',
    ]);
  });

  it('writes timestamps as 18.x: a marker is cut after its carriage return', () => {
    expect(write('timestamped-split').split('\n')).toEqual([
      `${TIME} 00O one`,
      `${TIME} 00O section_start:1:a\r`,
      `${TIME} 00O+\u001b[0Ksection_start:1:a\r`,
      `${TIME} 01O out`,
      `${TIME} 00O+\u001b[0Ktwo`,
      `${TIME} 01E err`,
      `${TIME} 00O three`,
      `${TIME} 00O section_start:1:a\r`,
      `${TIME} 00O+\u001b[0K`,
      `${TIME} 00O four`,
      '',
    ]);
  });

  it('writes nothing but the text when it is plain', () => {
    expect(write('plain')).toBe(`one\n${MARKER}${MARKER}out\ntwo\nerr\nthree\n${MARKER}four\n`);
  });
});
