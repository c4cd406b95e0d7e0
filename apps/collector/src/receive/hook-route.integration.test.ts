import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from '@sideband/infra/testkit/until';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAllowList } from './allow-list.ts';
import {
  FILE,
  GITLAB,
  MASTER,
  NOW,
  openReceiver,
  PROJECT,
  type Receiver,
  reception,
} from './hook-fixture.suite.ts';
import type { HookOptions } from './hook-route.ts';
import { hookPath, hookToken } from './hook-secret.ts';
import { SHED_LIMITS } from './shed.ts';

const MIB = 1024 * 1024;
const PATH = hookPath(GITLAB, PROJECT);
const TOKEN = hookToken(MASTER, GITLAB, PROJECT);
const body = JSON.stringify({ object_kind: 'build', build_id: 42, build_status: 'success', project_id: 7 });

let receiver: Receiver;
let app: FastifyInstance;
let accepted: Socket[];

beforeEach(() => open({}));

afterEach(() => app.close());

async function open(options: Partial<HookOptions>): Promise<void> {
  accepted = [];
  receiver = await openReceiver(options);
  app = receiver.app;
  app.server.on('connection', (socket) => accepted.push(socket));
  await app.listen({ host: '127.0.0.1', port: 0 });
}

async function reopen(options: Partial<HookOptions>): Promise<void> {
  await app.close();
  await open(options);
}

interface Sent {
  /** Everything the server said until it closed the connection. */
  readonly answer: string;
  /** What the server took from the connection. */
  readonly serverReadBytes: number;
}

/** Writes the head, then as much of the stream as the server takes, and reads until the server hangs up. */
async function send(head: readonly string[], chunks: Iterable<string>): Promise<Sent> {
  const { port } = app.server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  let answer = '';
  client.on('data', (data) => {
    answer += data.toString('latin1');
  });
  // The server hangs up in the middle of the body; that is the point.
  client.on('error', () => {});
  await once(client, 'connect');
  const closed = happens(client, 'close');
  client.write([...head, '', ''].join('\r\n'));
  for (const chunk of chunks) {
    if (client.destroyed || answer !== '') break;
    if (!client.write(chunk)) await Promise.race([happens(client, 'drain'), closed]);
  }
  await closed;
  return { answer, serverReadBytes: accepted[0]?.bytesRead ?? 0 };
}

/** Unlike `once` it does not mind an error on the way. */
function happens(socket: Socket, event: 'close' | 'drain'): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()));
}

function head(token: string, ...more: string[]): string[] {
  return [`POST ${PATH} HTTP/1.1`, 'Host: x', `X-Gitlab-Token: ${token}`, ...more];
}

/** Only the body could prove this one, and it will not. */
const UNPROVEN = [
  `POST ${PATH} HTTP/1.1`,
  'Host: x',
  'webhook-id: 1',
  `webhook-timestamp: ${NOW / 1_000}`,
  'webhook-signature: v1,AAAA',
];

function* mebibytes(count: number, wrap: (chunk: string) => string): Generator<string> {
  const chunk = wrap('x'.repeat(MIB));
  for (let sent = 0; sent < count; sent += 1) yield chunk;
}

function asChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

test('takes a hook as GitLab sends it', async () => {
  const { port } = app.server.address() as { port: number };
  const answer = await fetch(`http://127.0.0.1:${port}${PATH}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitLab/19.3.0',
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-token': TOKEN,
      'x-gitlab-instance': 'http://attacker.example',
    },
    body,
  });
  expect([answer.status, await answer.json()]).toEqual([202, { outcome: 'queued' }]);
  expect([...receiver.queued.keys()]).toEqual(['gitlab.example.com-7-42-ended']);
});

test('a body that says it is too large is refused before it is read', async () => {
  const { answer, serverReadBytes } = await send(
    head(TOKEN, `Content-Length: ${30 * MIB}`),
    mebibytes(30, (chunk) => chunk),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"too-large"/);
  expect(serverReadBytes).toBeLessThan(2 * MIB);
});

test('a body that turns out too large is refused at the limit and read no further', async () => {
  const { answer, serverReadBytes } = await send(
    head(TOKEN, 'Transfer-Encoding: chunked'),
    mebibytes(200, asChunk),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"too-large"/);
  expect(serverReadBytes).toBeLessThan(30 * MIB);
});

test.each([
  ['declared', `Content-Length: ${200 * MIB}`, (chunk: string) => chunk],
  ['chunked', 'Transfer-Encoding: chunked', asChunk],
])('a large body without the token is not read: %s', async (_, header, wrap) => {
  const { answer, serverReadBytes } = await send(head('wrong', header), mebibytes(200, wrap));
  expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  expect(serverReadBytes).toBeLessThan(2 * MIB);
});

test('a refused connection is used again when little was sent in vain', async () => {
  const refused = [...head('wrong', `Content-Length: ${body.length}`), '', body].join('\r\n');
  const { answer } = await send(
    [`${refused}${head(TOKEN, `Content-Length: ${body.length}`, 'Connection: close').join('\r\n')}`],
    [body],
  );
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 202']);
  expect(accepted).toHaveLength(1);
});

test('a body that is cut off by the network queues nothing', async () => {
  const { port } = app.server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const [socket] = accepted.length > 0 ? accepted : await once(app.server, 'connection');
  const gone = happens(socket as Socket, 'close');
  client.write([...head(TOKEN, `Content-Length: ${body.length}`), '', body.slice(0, 20)].join('\r\n'));
  client.end();
  await gone;
  expect(receiver.queued.size).toBe(0);
  await until('it to be counted', async () => receiver.outcomes.includes('project cut-off'));
});

test('a large body that only itself could prove is read no further than half the room', async () => {
  await reopen({ shedLimits: { ...SHED_LIMITS, bytes: 8 * MIB } });
  const { answer, serverReadBytes } = await send(
    [...UNPROVEN, `Content-Length: ${5 * MIB}`],
    mebibytes(5, (chunk) => chunk),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*"code":"limited"/);
  expect(serverReadBytes).toBeLessThan(2 * MIB);
  expect(receiver.sheds).toEqual(['bytes']);
  // Only what is shed makes us poll GitLab, and a stranger must not.
  await until('it to be counted', async () => receiver.outcomes.includes('project limited'));
});

test('a connection that was reset before anybody asked whose it is, is cut off', async () => {
  await reopen({ instances: new Map([[GITLAB, reception({ allow: createAllowList(['127.0.0.0/8']) })]]) });
  app.server.prependListener('request', ({ socket }) => {
    Object.defineProperty(socket, 'remoteAddress', { value: undefined });
  });
  const { answer } = await send(head(TOKEN, `Content-Length: ${body.length}`, 'Connection: close'), [body]);
  expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"cut-off"/);
  await until('it to be counted', async () => receiver.outcomes.includes('project cut-off'));
  expect(receiver.log()).toBe('');
});

describe('more than there is room for', () => {
  /** A request whose body is on its way. */
  async function begin(declared: number): Promise<Socket> {
    const { port } = app.server.address() as { port: number };
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    client.write(`${head(TOKEN, `Content-Length: ${declared}`).join('\r\n')}\r\n\r\n{`);
    await once(client, 'connect');
    return client;
  }

  async function status(): Promise<[number, string | null]> {
    const { port } = app.server.address() as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}${PATH}`, {
      method: 'POST',
      headers: { 'x-gitlab-token': TOKEN },
      body,
    });
    await answer.text();
    return [answer.status, answer.headers.get('retry-after')];
  }

  test('requests are sent away until one is over, also one whose sender is gone', async () => {
    await reopen({ shedLimits: { ...SHED_LIMITS, requests: 3 } });
    const clients = [await begin(100), await begin(100), await begin(100)];
    await until('the room to be full', async () => (await status())[0] === 503);
    expect(await status()).toEqual([503, '5']);
    expect(new Set(receiver.sheds)).toEqual(new Set(['requests']));
    clients[0]?.destroy();
    await until('room again', async () => (await status())[0] === 202);
    for (const client of clients) client.destroy();
  });

  test('bodies are counted by what they say of themselves, before they come', async () => {
    await reopen({ shedLimits: { ...SHED_LIMITS, bytes: 20 * MIB } });
    const client = await begin(20 * MIB - 10);
    await until('the room to be full', async () => (await status())[0] === 503);
    expect(new Set(receiver.sheds)).toEqual(new Set(['bytes']));
    client.destroy();
    await until('room again', async () => (await status())[0] === 202);
  });

  test('answers that wait behind another give their room back when the sender resets the connection', async () => {
    let finish = (): void => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let taken = 0;
    const enqueue = (): Promise<void> => {
      taken += 1;
      return held;
    };
    await reopen({ shedLimits: { ...SHED_LIMITS, requests: 3 }, enqueue });
    const { port } = app.server.address() as { port: number };
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    const request = `${head(TOKEN, `Content-Length: ${body.length}`).join('\r\n')}\r\n\r\n${body}`;
    client.write(request.repeat(3));
    await until('the room to be full', async () => taken === 3);
    client.resetAndDestroy();
    await until('all three to be over', async () => receiver.outcomes.length === 3);
    expect(new Set(receiver.outcomes)).toEqual(new Set(['project cut-off']));
    finish();
    expect((await status())[0]).toBe(202);
  });

  test('a queue that is too long sends all away until it is shorter', async () => {
    let waiting = 100_001;
    await reopen({ waiting: async () => waiting });
    await until('the queue to be known', async () => (await status())[0] === 503);
    expect(new Set(receiver.sheds)).toEqual(new Set(['queue']));
    waiting = 99_999;
    receiver.clock.advance(1_000);
    await until('room again', async () => (await status())[0] === 202);
  });
});

test('all that was answered is counted, by source and outcome', async () => {
  const { port } = app.server.address() as { port: number };
  for (const [source, given] of [
    [FILE, body],
    [FILE, 'no JSON'],
    [PROJECT, body.replace('7}', '8}')],
  ] as const) {
    const url = `http://127.0.0.1:${port}${hookPath(GITLAB, source)}`;
    const headers = { 'x-gitlab-token': hookToken(MASTER, GITLAB, source) };
    await (await fetch(url, { method: 'POST', headers, body: given })).text();
  }
  await until('three counts', async () => receiver.outcomes.length === 3);
  expect(receiver.outcomes).toEqual(['file queued', 'file malformed', 'project wrong-project']);
});
