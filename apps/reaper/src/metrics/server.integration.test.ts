import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { systemClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import { type MetricsServer, serveMetrics } from '@sideband/shared/metrics-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseExposition } from './exposition.suite.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const HOST = '127.0.0.1';
let metrics: Metrics;
let server: MetricsServer;

beforeEach(async () => {
  metrics = createMetrics(systemClock);
  server = await serveMetrics({ host: HOST, port: 0 }, metrics, silentLog());
});
afterEach(async () => await server.close());

const url = (path: string): string => `http://${HOST}:${server.port}${path}`;

test('a scrape is the text that Prometheus reads', async () => {
  metrics.engineCalled('DELETE /images/<id>');
  const response = await fetch(url('/metrics'));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const families = parseExposition(await response.text());
  expect(families.get('sideband_reaper_engine_calls_total')?.values.get('call="DELETE /images/<id>"')).toBe(
    1,
  );
  expect(families.get('process_cpu_seconds_total')?.type).toBe('counter');
});

test('a scraper may add a query', async () => {
  expect((await fetch(url('/metrics?module=reaper'))).status).toBe(200);
});

test('the process says that it lives', async () => {
  const response = await fetch(url('/health'));
  expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
});

test.each(['/', '/metrics/', '/health/../metrics2', '/Metrics', '/metrics%00', '//metrics'])(
  'there is nothing at %s',
  async (path) => {
    expect(await statusOf('GET', path)).toBe(404);
    expect(await statusOf('POST', path)).toBe(404);
  },
);

test.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is not for here', async (method) => {
  for (const path of ['/metrics', '/health']) {
    const response = await fetch(url(path), { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  }
});

test('only the given address is listened on', async () => {
  const elsewhere = connect(server.port, '127.0.0.2');
  const [error] = await once(elsewhere, 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port that is taken is a setting to correct', async () => {
  const address = { host: HOST, port: server.port };
  await expect(serveMetrics(address, metrics, silentLog())).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    details: {
      problems: [{ setting: 'SIDEBAND_METRICS', problem: expect.stringContaining('EADDRINUSE') }],
    },
  });
});

test('figures that cannot be read are an error of that scrape alone', async () => {
  let isBroken = true;
  const text = async (): Promise<string> => {
    if (isBroken) throw new Error('broken');
    return await metrics.text();
  };
  const other = await serveMetrics({ host: HOST, port: 0 }, { ...metrics, text }, silentLog());
  const scrape = (): Promise<Response> => fetch(`http://${HOST}:${other.port}/metrics`);
  expect((await scrape()).status).toBe(500);
  isBroken = false;
  expect((await scrape()).status).toBe(200);
  await other.close();
});

describe('closing', () => {
  test('answers what was asked, and the port is free after it', async () => {
    let asked = (): void => undefined;
    let answer = (_text: string): void => undefined;
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const text = async (): Promise<string> => {
      asked();
      return await new Promise((resolve) => {
        answer = resolve;
      });
    };
    const slow = await serveMetrics({ host: HOST, port: 0 }, { ...metrics, text }, silentLog());
    const agent = new Agent({ keepAlive: true });
    const client = request({ host: HOST, port: slow.port, path: '/metrics', agent }).end();
    const answered = once(client, 'response');
    await isAsked;
    const closed = slow.close();
    answer('up 1\n');
    const [response] = await answered;
    expect(response.statusCode).toBe(200);
    response.resume();
    await closed;
    agent.destroy();
    const next = createServer().listen(slow.port, HOST);
    await once(next, 'listening');
    next.close();
  });

  test('does not wait for who is connected and says nothing', async () => {
    const other = await serveMetrics({ host: HOST, port: 0 }, metrics, silentLog());
    const silent = connect(other.port, HOST);
    await once(silent, 'connect');
    const hungUp = once(silent, 'close');
    silent.write('GET /metr');
    const began = performance.now();
    await other.close();
    await hungUp;
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

/** Unlike `fetch`, leaves the path as it is. */
async function statusOf(method: string, path: string): Promise<number | undefined> {
  const client = request({ host: HOST, port: server.port, path, method }).end();
  const [response] = await once(client, 'response');
  response.resume();
  return response.statusCode;
}
