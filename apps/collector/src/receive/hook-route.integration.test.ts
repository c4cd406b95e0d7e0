import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { systemClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hookRoute } from './hook-route.ts';
import type { JobEvent } from './job-event.ts';

const SECRET = 'the-secret-of-the-hook';
const MIB = 1024 * 1024;
const body = JSON.stringify({ object_kind: 'build', build_id: 42, build_status: 'success', project_id: 7 });

let app: FastifyInstance;
let queued: JobEvent[];
let accepted: Socket[];

beforeEach(async () => {
  queued = [];
  accepted = [];
  app = Fastify();
  await app.register(
    hookRoute({
      instance: 'gitlab' as InstanceName,
      secret: () => SECRET,
      enqueue: async (_, event) => queued.push(event),
      clock: systemClock,
      count: () => undefined,
      log: silentLog(),
    }),
  );
  app.server.on('connection', (socket) => accepted.push(socket));
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(() => app.close());

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
  return ['POST /hooks/gitlab HTTP/1.1', 'Host: x', `X-Gitlab-Token: ${token}`, ...more];
}

function* mebibytes(count: number, wrap: (chunk: string) => string): Generator<string> {
  const chunk = wrap('x'.repeat(MIB));
  for (let sent = 0; sent < count; sent += 1) yield chunk;
}

function asChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

test('takes a hook as GitLab sends it', async () => {
  const { port } = app.server.address() as { port: number };
  const answer = await fetch(`http://127.0.0.1:${port}/hooks/gitlab`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitLab/19.3.0',
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-token': SECRET,
      'x-gitlab-instance': 'http://attacker.example',
    },
    body,
  });
  expect([answer.status, await answer.json()]).toEqual([202, { outcome: 'queued' }]);
  expect(queued).toMatchObject([{ instance: 'gitlab', project: 7, job: 42, status: 'ended' }]);
});

test('a body that says it is too large is refused before it is read', async () => {
  const { answer, serverReadBytes } = await send(
    head(SECRET, `Content-Length: ${30 * MIB}`),
    mebibytes(30, (chunk) => chunk),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"too-large"/);
  expect(serverReadBytes).toBeLessThan(2 * MIB);
});

test('a body that turns out too large is refused at the limit and read no further', async () => {
  const { answer, serverReadBytes } = await send(
    head(SECRET, 'Transfer-Encoding: chunked'),
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
    [`${refused}${head(SECRET, `Content-Length: ${body.length}`, 'Connection: close').join('\r\n')}`],
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
  client.write([...head(SECRET, `Content-Length: ${body.length}`), '', body.slice(0, 20)].join('\r\n'));
  client.end();
  await gone;
  expect(queued).toEqual([]);
});
