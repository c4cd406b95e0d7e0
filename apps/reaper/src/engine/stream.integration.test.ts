import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { until } from '@sideband/infra/testkit/until';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Handler, type MadeUpEngine, playEngine } from './made-up-engine.suite.ts';
import { createWire, type Wire } from './wire.ts';

let directory: TemporaryDirectory;
let socketPath: string;
let playing: MadeUpEngine | undefined;
let wire: Wire;

beforeEach(async () => {
  directory = await temporaryDirectory('stream');
  socketPath = join(directory.path, 'engine.sock');
  wire = createWire(socketPath);
});
afterEach(async () => {
  await stop();
  await directory.remove();
});

async function play(version: string, handler: Handler, mute?: string): Promise<readonly string[]> {
  playing = await playEngine(socketPath, version, handler, mute);
  return playing.asked;
}

async function stop(): Promise<void> {
  await playing?.stop();
  playing = undefined;
}

const quiet: Handler = (_, response) => {
  response.writeHead(200);
  response.flushHeaders();
};
const call = { method: 'GET', path: '/events', query: { since: '5.0' }, timeoutMs: 5_000 } as const;

function read(options: { readonly timeoutMs?: number } = {}) {
  const abort = new AbortController();
  const opening = new EventTarget();
  const opened = once(opening, 'open');
  let text = '';
  const ended = wire.stream(
    { ...call, ...options },
    {
      onOpen: () => void opening.dispatchEvent(new Event('open')),
      onChunk(chunk) {
        text += chunk.toString();
      },
      signal: abort.signal,
    },
  );
  return { abort: () => abort.abort(), opened, ended, text: () => text };
}

describe('an answer that does not end', () => {
  test('is asked for in the negotiated version, opens with its head, and gives what comes', async () => {
    let more: (text: string) => void = () => undefined;
    const asked = await play('1.44', (_, response) => {
      response.writeHead(200);
      response.flushHeaders();
      more = (text) => void response.write(text);
    });
    const stream = read();
    await stream.opened;
    expect(asked).toEqual(['GET /_ping', 'GET /v1.44/events?since=5.0']);
    expect(stream.text()).toBe('');
    for (const text of ['one', 'two']) {
      more(text);
      await until(text, async () => stream.text().endsWith(text));
    }
    stream.abort();
    await expect(stream.ended).resolves.toBeUndefined();
  });

  test('stays open though nothing comes for longer than its head may take', async () => {
    await play('1.44', quiet);
    const stream = read({ timeoutMs: 50 });
    await stream.opened;
    const quietFor = sleep(200, 'quiet');
    expect(await Promise.race([stream.ended, quietFor])).toBe('quiet');
    stream.abort();
    await stream.ended;
  });

  test('leaves no connection behind when it is aborted', async () => {
    let isClosed = false;
    await play('1.44', (request, response) => {
      request.socket.once('close', () => {
        isClosed = true;
      });
      quiet(request, response);
    });
    const stream = read();
    await stream.opened;
    stream.abort();
    await stream.ended;
    await until('the connection to be closed', async () => isClosed);
  });

  test.each([
    ['while the version is negotiated', '/_ping'],
    ['before its head', '/events'],
  ])('is over at once when it is aborted %s', async (_, hanging) => {
    const asked = await play('1.44', () => undefined, hanging);
    const stream = read({ timeoutMs: 60_000 });
    await until('the question', async () => asked.some((each) => each.includes(hanging)));
    stream.abort();
    await expect(stream.ended).resolves.toBeUndefined();
  });

  test('is not begun when it is aborted already', async () => {
    const asked = await play('1.44', quiet);
    const unwanted = (): void => expect.unreachable();
    await wire.stream(call, { onOpen: unwanted, onChunk: unwanted, signal: AbortSignal.abort() });
    expect(asked).toEqual([]);
  });
});

describe('an answer that ends after all', () => {
  const ends: readonly (readonly [string, Handler, object])[] = [
    [
      'the engine ends it',
      (_, response) => void response.end('{}\n'),
      { code: 'ENGINE_UNAVAILABLE', details: { call: 'GET /events', reason: 'the engine ended the stream' } },
    ],
    [
      'the engine dies',
      (request, response) => void response.write('{}', () => request.socket.destroy()),
      { code: 'ENGINE_UNAVAILABLE', details: { call: 'GET /events', reason: 'ECONNRESET' } },
    ],
    [
      'the engine refuses',
      (_, response) => void response.writeHead(500).end('{"message":"no events today"}'),
      {
        code: 'ENGINE_FAILED',
        details: { call: 'GET /events', reason: 'status 500: "no events today"' },
      },
    ],
    [
      'the engine never begins',
      () => undefined,
      {
        code: 'ENGINE_FAILED',
        details: { call: 'GET /events', reason: 'no answer in time', waitedMs: 300 },
      },
    ],
  ];
  test.each(ends)('throws when %s, and asks anew for the version', async (_, handler, error) => {
    await play('1.44', handler);
    const before = await wire.session();
    await expect(read({ timeoutMs: 300 }).ended).rejects.toMatchObject(error);
    await stop();
    const asked = await play('1.52', quiet);
    const stream = read();
    await stream.opened;
    stream.abort();
    await stream.ended;
    expect(asked[0]).toBe('GET /_ping');
    expect(await wire.session()).not.toBe(before);
  });

  test('throws what its reader throws, and hangs up', async () => {
    await play('1.44', (_, response) => void response.write('{}\n'));
    const { signal } = new AbortController();
    const onChunk = (): void => {
      throw new Error('cannot take it');
    };
    const reading = wire.stream(call, { onOpen: () => undefined, onChunk, signal });
    await expect(reading).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      details: { reason: 'cannot take it' },
    });
  });

  test('throws at once where there is no engine', async () => {
    await expect(read().ended).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  });
});
