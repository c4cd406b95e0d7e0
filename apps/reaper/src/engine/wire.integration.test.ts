import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Handler, type MadeUpEngine, playEngine } from './made-up-engine.suite.ts';
import { createWire } from './wire.ts';

let directory: TemporaryDirectory;
let socketPath: string;
let playing: MadeUpEngine | undefined;

beforeEach(async () => {
  directory = await temporaryDirectory('wire');
  socketPath = join(directory.path, 'engine.sock');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stop();
  await directory.remove();
});

async function play(version: string, handler: Handler): Promise<readonly string[]> {
  playing = await playEngine(socketPath, version, handler);
  return playing.asked;
}

async function stop(): Promise<void> {
  await playing?.stop();
  playing = undefined;
}

const json =
  (status: number, body: unknown): Handler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
const call = { method: 'GET', path: '/images/json', timeoutMs: 5_000 } as const;

test('asks in the version the engine and we both know, with the query', async () => {
  const asked = await play('1.41', json(200, []));
  const wire = createWire(socketPath);
  expect(await wire.ask({ ...call, query: { all: 'true' } })).toEqual({ status: 200, body: [] });
  await wire.ask(call);
  expect(asked).toEqual(['GET /_ping', 'GET /v1.41/images/json?all=true', 'GET /v1.41/images/json']);
});

test.each([404, 409, 500, 503])('status %i is an answer', async (status) => {
  await play('1.41', json(status, { message: 'no' }));
  expect(await createWire(socketPath).ask(call)).toEqual({ status, body: { message: 'no' } });
});

test('an engine that is upgraded between two calls is asked in its new version, and did nothing twice', async () => {
  const done: string[] = [];
  const upgraded: Handler = (request, response) => {
    if (!request.url?.startsWith('/v1.41/'))
      return json(200, done.push(request.url ?? ''))(request, response);
    const message = 'client version 1.41 is too old. Minimum supported API version is 1.44';
    json(400, { message })(request, response);
  };
  await play('1.41', json(200, []));
  const wire = createWire(socketPath);
  await wire.ask(call);
  await stop();
  const asked = await play('1.52', upgraded);

  expect(await wire.ask({ ...call, method: 'DELETE', path: '/images/x' })).toMatchObject({ status: 200 });

  expect(done).toEqual(['/v1.52/images/x']);
  expect(asked).toEqual(['DELETE /v1.41/images/x', 'GET /_ping', 'DELETE /v1.52/images/x']);
});

test('after a failure to reach it the version is negotiated anew', async () => {
  await play('1.41', json(200, []));
  const wire = createWire(socketPath);
  const before = await wire.session();
  await stop();
  await expect(wire.ask(call)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  const asked = await play('1.44', json(200, []));
  await wire.ask(call);
  expect(asked).toEqual(['GET /_ping', 'GET /v1.44/images/json']);
  expect(await wire.session()).not.toBe(before);
});

test('every request is told of, without whom it is about', async () => {
  const calls: string[] = [];
  await play('1.41', json(200, []));
  const wire = createWire(socketPath, (call) => calls.push(call));
  await wire.ask(call);
  await wire.ask({ ...call, path: `/images/sha256:${'a'.repeat(64)}/json` });
  expect(calls).toEqual(['GET /_ping', 'GET /images/json', 'GET /images/<id>/json']);
});

test('no other engine than the one named is used, whatever the environment says', async () => {
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:9');
  vi.stubEnv('DOCKER_TLS_VERIFY', '1');
  vi.stubEnv('DOCKER_CLIENT_TIMEOUT', '1');
  await play('1.41', json(200, ['ours']));
  expect((await createWire(socketPath).ask(call)).body).toEqual(['ours']);
});

describe('what is not an answer', () => {
  test('no socket: unavailable', async () => {
    await expect(createWire(socketPath).ask(call)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      details: { reason: 'ENOENT' },
    });
  });

  test('the engine dies before it answers, or in the middle: unavailable at once', async () => {
    const deaths: readonly Handler[] = [
      (request) => request.socket.destroy(),
      (request, response) => response.write('[', () => request.socket.destroy()),
    ];
    for (const death of deaths) {
      await play('1.41', death);
      const failure = createWire(socketPath).ask({ ...call, timeoutMs: 60_000 });
      await expect(failure).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        details: { reason: 'ECONNRESET' },
      });
      await stop();
    }
  });

  test('the engine hangs before it answers, or in the middle: failed when the time is over', async () => {
    const hangs: readonly Handler[] = [() => undefined, (_, response) => void response.write('[')];
    for (const hang of hangs) {
      await play('1.41', hang);
      const failure = createWire(socketPath).ask({ ...call, timeoutMs: 100 });
      await expect(failure).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
        details: { call: 'GET /images/json', reason: 'no answer in time', waitedMs: 100 },
      });
      await stop();
    }
  });

  test('something that is no engine: failed, saying so', async () => {
    await play('', json(200, []));
    await expect(createWire(socketPath).ask(call)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      details: { reason: expect.stringContaining('is this the socket of a container engine') },
    });
  });
});
