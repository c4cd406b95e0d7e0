import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { until } from '@sideband/infra/testkit/until';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeServer } from './close-server.ts';

let app: FastifyInstance;
let agent: Agent;
let asked: Promise<void>;
let answer: () => void;

beforeEach(async () => {
  agent = new Agent({ keepAlive: true });
  app = Fastify({ keepAliveTimeout: 65_000 });
  asked = new Promise((isAsked) => {
    app.get('/', async () => {
      isAsked();
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return 'done';
    });
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => agent.destroy());

const port = (): number => (app.server.address() as AddressInfo).port;

test('answers what is in hand and does not wait for the connection that stays open after it', async () => {
  const client = request({ port: port(), agent }).end();
  const answered = once(client, 'response');
  await asked;
  const began = performance.now();
  const closed = closeServer(app);
  // Only then has Node closed the connections that were idle.
  await until('the port to be closed', async () => !app.server.listening);
  answer();

  const [response] = await answered;
  response.resume();
  await closed;

  expect(response.statusCode).toBe(200);
  expect(performance.now() - began).toBeLessThan(3_000);
});

test('hangs up on who is connected and says nothing', async () => {
  const silent = connect(port(), '127.0.0.1');
  await once(silent, 'connect');
  const hungUp = once(silent, 'close');

  await closeServer(app, 100);

  await hungUp;
});
