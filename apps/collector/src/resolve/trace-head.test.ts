import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DIGEST,
  executor,
  FORMATS,
  header,
  plain,
  RUBY,
  read,
  SCRIPT,
  summary,
  used,
  VICTIM,
} from './printed-trace.suite.ts';
import { readTraceHead } from './trace-head.ts';
import { createTraceReader } from './trace-reader.ts';

describe.each(FORMATS)('the head of a %s trace', (_, render) => {
  it('makes nothing of a line that was cut off', () => {
    const whole = render([...header('18.0.0'), executor, used(RUBY, 'ruby:3.3')]);
    for (let cut = whole.length - 100; cut < whole.length; cut += 1) {
      expect(summary(read(whole.slice(0, cut)))).toEqual([]);
    }
    expect(summary(read(whole))).toEqual(['build docker.io/library/ruby:3.3 a']);
  });

  it('holds no more than a line of a flood, and gives up after the head', async () => {
    const start = Buffer.from(render([...header('18.0.0'), executor, used(RUBY, 'ruby:3.3')]));
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    async function* flood(): AsyncGenerator<Uint8Array> {
      yield start;
      for (; sent < 100; sent += 1) yield megabyte;
    }
    const head = await readTraceHead(flood());
    expect(sent).toBe(0);
    expect(head).toMatchObject({ complete: false, bytesRead: 512 * 1024 });
    expect(summary(head)).toEqual(['build docker.io/library/ruby:3.3 a']);
  });

  it('is the same however the bytes are cut', () => {
    const trace = Buffer.from(
      render([
        ...header('17.5.0'),
        executor,
        used(VICTIM, 'x:1'),
        used(RUBY, 'ruby:3.3', `ruby@${DIGEST}`),
        ...SCRIPT,
      ]),
    );
    const whole = read(trace);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 }), (sizes) => {
        const reader = createTraceReader();
        let at = 0;
        for (const size of sizes) {
          if (reader.push(trace.subarray(at, at + size))) break;
          at += size;
        }
        reader.push(trace.subarray(at));
        expect(reader.finish()).toEqual(whole);
      }),
    );
  });
});

it('of many lines in one chunk leaves room for others while it is read', async () => {
  let turns = 0;
  let isReading = true;
  const take = (): void => {
    turns += 1;
    if (isReading) setImmediate(take);
  };
  take();
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${plain(header('18.0.0'))}${'\n'.repeat(64 * 1024)}`);
  }
  const head = await readTraceHead(stream());
  isReading = false;
  expect(head.bytesRead).toBeGreaterThan(64 * 1024);
  expect(turns).toBeGreaterThanOrEqual(16);
});

it('closes the stream before its end', async () => {
  let closed = false;
  let sent = 0;
  async function* stream(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from(plain([...header('18.0.0'), executor, used(RUBY, 'ruby:3.3'), ...SCRIPT]));
      for (; ; sent += 1) yield Buffer.from('never read\n');
    } finally {
      closed = true;
    }
  }
  const head = await readTraceHead(stream());
  expect({ closed, sent, complete: head.complete }).toEqual({ closed: true, sent: 0, complete: true });
});
