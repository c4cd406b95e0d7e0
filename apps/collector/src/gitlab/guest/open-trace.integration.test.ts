import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AwkwardServer, failureOf, startAwkwardServer, visit, writeForEver } from './guest.suite.ts';

const PATH = 'projects/7/jobs/42/trace';
const PLAIN = { 'content-type': 'text/plain' };
const KIB = 1_024;

let gitlab: AwkwardServer;
beforeEach(async () => {
  gitlab = await startAwkwardServer();
});
afterEach(() => gitlab.stop());

/** A log of a megabyte, no two parts of it alike. */
function longLog(bytes = KIB * KIB): Buffer {
  const log = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 8) log.write(at.toString(36).padStart(7, '.').concat('\n'), at);
  return log;
}

/** Ranges as RFC 9110 has them; `asked` is what came in `Range`. */
function answerRanges(log: () => Buffer, asked: (string | undefined)[] = []): void {
  gitlab.answer = (request, response) => {
    asked.push(request.headers.range);
    sendRange(log(), request, response);
  };
}

function sendRange(log: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const from = Number(first);
  const to = last === '' ? log.length : Math.min(log.length, Number(last) + 1);
  if (from >= log.length)
    return void response.writeHead(416, { 'content-range': `bytes */${log.length}` }).end();
  const headers = { ...PLAIN, 'content-range': `bytes ${from}-${to - 1}/${log.length}` };
  response.writeHead(206, headers).end(log.subarray(from, to));
}

describe('where ranges are known', () => {
  test('a short log is one request', async () => {
    const asked: (string | undefined)[] = [];
    answerRanges(() => Buffer.from('the whole log'), asked);
    expect(await visit(gitlab.url).trace(PATH)).toBe('the whole log');
    expect(asked).toEqual(['bytes=0-65535']);
  });

  test('a long log is two, the second only when it is wanted', async () => {
    const asked: (string | undefined)[] = [];
    const log = longLog();
    answerRanges(() => log, asked);
    const guest = visit(gitlab.url);
    let read = 0;
    for await (const chunk of guest.guest.openTrace(PATH)) {
      read += chunk.byteLength;
      if (read === 64 * KIB) break;
    }
    expect(asked).toEqual(['bytes=0-65535']);
    expect(guest.traceBytes()).toBe(64 * KIB);
    expect(await guest.trace(PATH)).toBe(log.toString());
    expect(asked.slice(1)).toEqual(['bytes=0-65535', 'bytes=65536-']);
  });

  test('an empty log is an empty log', async () => {
    answerRanges(() => Buffer.alloc(0));
    expect(await visit(gitlab.url).trace(PATH)).toBe('');
  });

  test('a log that grows while it is read is read as far as it had grown', async () => {
    const log = longLog();
    let length = 65 * KIB;
    answerRanges(() => {
      const now = log.subarray(0, length);
      length += 100 * KIB;
      return now;
    });
    expect((await visit(gitlab.url).trace(PATH)).length).toBe(165 * KIB);
  });

  test('any log in pieces of any size is read whole and once', async () => {
    const sizes = fc.record({
      log: fc.integer({ min: 1, max: 300 * KIB }),
      piece: fc.integer({ min: 20 * KIB, max: 400 * KIB }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), async ({ log: bytes, piece }, saysTotal) => {
        const log = longLog(bytes);
        gitlab.answer = (request, response) => {
          const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
          const to = Math.min(log.length, from + piece);
          if (from >= log.length) return void response.writeHead(416).end();
          const range = `bytes ${from}-${to - 1}/${saysTotal ? log.length : '*'}`;
          response.writeHead(206, { ...PLAIN, 'content-range': range }).end(log.subarray(from, to));
        };
        expect(await visit(gitlab.url).trace(PATH)).toBe(log.toString());
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ['shorter', 'bytes 0-99/100', 'too short'],
    ['longer', 'bytes 0-3/100', 'too long'],
  ])('a range that is %s than it said is an error', async (_, range, text) => {
    gitlab.answer = (_request, response) =>
      response.writeHead(206, { ...PLAIN, 'content-range': range }).end(text);
    const error = await failureOf(visit(gitlab.url).trace(PATH));
    expect(error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details: { path: PATH, reason: 'malformed' } });
  });

  test.each([
    ['compressed', { 'content-encoding': 'gzip', 'content-range': 'bytes 0-3/100' }],
    ['another’s', { 'content-range': 'bytes 4-7/100' }],
    ['not said', {}],
    ['in two parts', { 'content-type': 'multipart/byteranges; boundary=x' }],
  ])('a range that is %s is asked for once, then the whole log, and so for good', async (_, headers) => {
    const asked: (string | undefined)[] = [];
    gitlab.answer = (request, response) => {
      asked.push(request.headers.range);
      if (request.headers.range === undefined) response.writeHead(200, PLAIN).end('the whole log');
      else response.writeHead(206, { ...PLAIN, ...headers }).end('rang');
    };
    const guest = visit(gitlab.url);
    expect(await guest.trace(PATH)).toBe('the whole log');
    expect(await guest.trace(PATH)).toBe('the whole log');
    expect(asked).toEqual(['bytes=0-65535', undefined, undefined]);
  });

  test('a range that nobody asked for is an error', async () => {
    gitlab.answer = (_request, response) => response.writeHead(206, PLAIN).end('rang');
    const error = await failureOf(visit(gitlab.url).trace(PATH));
    expect(error.details).toMatchObject({ path: PATH, reason: 'malformed' });
  });

  test('the whole log in answer to the second range repeats nothing', async () => {
    const log = longLog(100 * KIB);
    gitlab.answer = (request, response) => {
      if (request.headers.range === 'bytes=0-65535') sendRange(log, request, response);
      else response.writeHead(200, PLAIN).end(log);
    };
    expect(await visit(gitlab.url).trace(PATH)).toBe(log.toString());
  });
});

describe('where they are not', () => {
  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('a log encoded as %s is decoded, and its bytes are counted as they came', async (encoding, encode) => {
    const log = longLog(300 * KIB);
    const sent = encode(log);
    const accepted: unknown[] = [];
    gitlab.answer = (request, response) => {
      accepted.push(request.headers['accept-encoding']);
      response.writeHead(200, { ...PLAIN, 'content-encoding': encoding }).end(sent);
    };
    const guest = visit(gitlab.url);
    expect(await guest.trace(PATH)).toBe(log.toString());
    expect(guest.traceBytes()).toBe(sent.length);
    expect(accepted).toEqual(['gzip, br']);
  });

  test('of a long log only what is read is fetched', async () => {
    gitlab.answer = (_request, response) => {
      response.writeHead(200, PLAIN);
      writeForEver(response);
    };
    const guest = visit(gitlab.url);
    for await (const _ of guest.guest.openTrace(PATH)) break;
    await gitlab.connectionClosed();
    expect(guest.traceBytes()).toBeLessThanOrEqual(256 * KIB);
  });

  test('of a compressed one as well', async () => {
    gitlab.answer = (_request, response) =>
      response
        .writeHead(200, { ...PLAIN, 'content-encoding': 'gzip' })
        .write(gzipSync(longLog(4 * KIB * KIB)));
    const guest = visit(gitlab.url);
    for await (const _ of guest.guest.openTrace(PATH)) break;
    await gitlab.connectionClosed();
    expect(guest.traceBytes()).toBeLessThanOrEqual(256 * KIB);
  });

  test('a log that is no gzip is an error', async () => {
    gitlab.answer = (_request, response) =>
      response.writeHead(200, { ...PLAIN, 'content-encoding': 'gzip' }).end('plain');
    const error = await failureOf(visit(gitlab.url).trace(PATH));
    expect(error.details).toEqual({ path: PATH, reason: 'network', code: 'Z_DATA_ERROR' });
  });

  test('an encoding nobody asked for is an error', async () => {
    gitlab.answer = (_request, response) =>
      response.writeHead(200, { ...PLAIN, 'content-encoding': 'gzip, gzip' }).end('?');
    expect((await failureOf(visit(gitlab.url).trace(PATH))).details).toMatchObject({ reason: 'encoding' });
  });
});

test('a trace that breaks off is an error, after what had come', async () => {
  gitlab.answer = (_request, response) => {
    response.writeHead(200, PLAIN);
    response.write('the head', () => response.destroy());
  };
  const seen: string[] = [];
  const error = await failureOf(
    (async () => {
      for await (const chunk of visit(gitlab.url).guest.openTrace(PATH))
        seen.push(Buffer.from(chunk).toString());
    })(),
  );
  expect(error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details: { path: PATH, reason: 'network' } });
  expect(seen.join('')).toBe('the head');
});

test('a trace that falls silent is given up', async () => {
  gitlab.answer = (_request, response) => void response.writeHead(200, PLAIN).write('the head');
  const error = await failureOf(visit(gitlab.url, { timeoutMs: 150 }).trace(PATH));
  expect(error.details).toEqual({ path: PATH, reason: 'time-out' });
  await gitlab.connectionClosed();
});

test.each([
  ['plain', {}, (text: string) => text],
  ['compressed', { 'content-encoding': 'gzip' }, gzipSync],
])('a reader of a %s trace may take longer than the time-out', async (_, headers, encode) => {
  const sent = encode('first second');
  gitlab.answer = (_request, response) => {
    response.writeHead(200, { ...PLAIN, ...headers });
    response.write(sent.slice(0, 5), () => setTimeout(() => response.end(sent.slice(5)), 50));
  };
  let text = '';
  for await (const chunk of visit(gitlab.url, { timeoutMs: 200 }).guest.openTrace(PATH)) {
    text += Buffer.from(chunk).toString();
    await sleep(300);
  }
  expect(text).toBe('first second');
});

test('a page instead of a trace is no trace', async () => {
  gitlab.answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html>');
  const error = await failureOf(visit(gitlab.url).trace(PATH));
  expect(error.details).toMatchObject({ path: PATH, reason: 'not-a-log' });
});

test('a trace that may not be read is refused', async () => {
  gitlab.answer = (_request, response) => response.writeHead(403).end();
  expect((await failureOf(visit(gitlab.url).trace(PATH))).code).toBe('GITLAB_REFUSED');
});
