import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, ManualClock, systemClock } from '@sideband/shared/clock';
import { type Log, silentLog } from '@sideband/shared/log';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createRunningJobs } from './running-jobs.ts';

const TWO_SECONDS = 2_000;
const PROJECT = 'https://gitlab.example.com/group/app';
const LINE = `url=${PROJECT}/-/jobs/7 state=running stage=prepare_executor executor_stage=docker_run duration=1.5s\n`;
const JOB = { gitlab: 'gitlab.example.com', projectUrl: PROJECT, job: 7 };
const V2 = { 'X-List-Version': '2', 'Content-Type': 'text/plain' };

const servers = new Set<Server>();

afterEach(async () => {
  await Promise.all([...servers].map(close));
});

async function close(server: Server): Promise<void> {
  servers.delete(server);
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
}

/** Plays the runner's `listen_address`. */
async function aRunner(
  answer: RequestListener,
  port = 0,
): Promise<{ server: Server; url: string; port: number }> {
  const server = createServer(answer);
  servers.add(server);
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${address.port}`, port: address.port };
}

function ask(url: string, log: Log = silentLog(), timeoutMs = TWO_SECONDS, clock: Clock = systemClock) {
  return createRunningJobs({ url, fetch, log, clock, timeoutMs });
}

describe('the jobs a runner is working on', () => {
  it('are those of its list', async () => {
    const asked: string[] = [];
    const { url } = await aRunner((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(200, V2).end(LINE);
    });
    expect(await ask(url).list()).toEqual([JOB]);
    expect(asked).toEqual(['GET /debug/jobs/list']);
  });

  it('are none where it has none', async () => {
    const { url } = await aRunner((_, response) => response.writeHead(200, V2).end());
    expect(await ask(url).list()).toEqual([]);
  });

  it('are read over pieces of an answer, also with a character in two of them', async () => {
    const bytes = Buffer.from(LINE.replace('1.5s', '12µs'));
    const { url } = await aRunner((_, response) => {
      response.writeHead(200, V2).write(bytes.subarray(0, bytes.indexOf('µ') + 1));
      setImmediate(() => response.end(bytes.subarray(bytes.indexOf('µ') + 1)));
    });
    expect(await ask(url).list()).toEqual([JOB]);
  });

  const wrong: readonly [string, RequestListener][] = [
    [
      'its version is another',
      (_, response) =>
        response
          .writeHead(200, { 'X-List-Version': '1' })
          .end(`id=7 url=${PROJECT}.git state=running stage=build_script executor_stage=docker_run\n`),
    ],
    ['it is no runner', (_, response) => response.writeHead(200).end(LINE)],
    ['it errs', (_, response) => response.writeHead(500, V2).end(LINE)],
    [
      'it is longer than a runner’s can be',
      (_, response) => response.writeHead(200, V2).end(LINE.repeat(10_000)),
    ],
    [
      'it breaks off',
      (_, response) => {
        response.writeHead(200, { ...V2, 'Content-Length': 2 * LINE.length });
        response.write(LINE, () => response.destroy());
      },
    ],
  ];
  it.each(wrong)('are none where %s', async (_, answer) => {
    const { url } = await aRunner(answer);
    expect(await ask(url).list()).toEqual([]);
  });

  it('are none where it does not answer, or begins and does not end', async () => {
    const silent = await aRunner(() => undefined);
    expect(await ask(silent.url, silentLog(), 100).list()).toEqual([]);
    const stuck = await aRunner((_, response) => response.writeHead(200, V2).write(LINE));
    expect(await ask(stuck.url, silentLog(), 100).list()).toEqual([]);
  });

  it('are not asked for where a redirect leads', async () => {
    let visits = 0;
    const other = await aRunner((_, response) => {
      visits += 1;
      response.writeHead(200, V2).end(LINE);
    });
    const { url } = await aRunner((_, response) =>
      response.writeHead(302, { ...V2, Location: `${other.url}/debug/jobs/list` }).end(),
    );
    expect(await ask(url).list()).toEqual([]);
    expect(visits).toBe(0);
  });

  it('are those of the lines that are understood', async () => {
    const { url } = await aRunner((_, response) =>
      response.writeHead(200, V2).end(`\u0000garbage\n${LINE}url= state=\n${'x'.repeat(100_000)}`),
    );
    expect(await ask(url).list()).toEqual([JOB]);
  });

  it('are missed with one line in the log, and one when they are back', async () => {
    const logged: unknown[] = [];
    const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line)) });
    const first = await aRunner((_, response) => response.writeHead(200, V2).end(LINE));
    const clock = new ManualClock(1_000_000);
    const jobs = ask(first.url, log, TWO_SECONDS, clock);
    await jobs.list();
    await close(first.server);
    for (let time = 0; time < 3; time += 1) expect(await jobs.list()).toEqual([]);
    const missed = { msg: 'The runner’s list of jobs cannot be read', url: first.url };
    expect(logged).toMatchObject([{ ...missed, why: expect.stringContaining('ECONNREFUSED') }]);

    const asked: string[] = [];
    await aRunner((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(200, V2).end(LINE);
    }, first.port);
    // One that hangs would cost its two seconds before every deletion.
    expect(await jobs.list()).toEqual([]);
    expect(asked).toEqual([]);
    clock.advance(30_000);
    expect(await jobs.list()).toEqual([JOB]);
    expect(await jobs.list()).toEqual([JOB]);
    expect(logged).toMatchObject([missed, { msg: 'The runner’s list of jobs is read again' }]);
  });
});
