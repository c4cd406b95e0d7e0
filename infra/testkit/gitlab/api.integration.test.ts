import { ManualClock } from '@sideband/shared/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

const START = Date.parse('2026-11-21T10:00:15.000Z');

let clock: ManualClock;
let gitlab: GitLabStandIn;

beforeEach(async () => {
  clock = new ManualClock(START);
  gitlab = await startGitLab({ clock, token: 'secret', rateLimit: { perMinute: 5, jobsPerMinute: 2 } });
  gitlab.createProject({ id: 42, path: 'group/app' });
});

afterEach(() => gitlab.stop());

function get(
  path: string,
  headers: Record<string, string> = { 'PRIVATE-TOKEN': 'secret' },
): Promise<Response> {
  return fetch(`${gitlab.url}/api/v4${path}`, { headers });
}

describe('the token', () => {
  it('is taken in either header', async () => {
    expect((await get('/version')).status).toBe(200);
    expect((await get('/version', { Authorization: 'Bearer secret' })).status).toBe(200);
  });

  it.each([{}, { 'PRIVATE-TOKEN': 'wrong' }, { Authorization: 'Bearer wrong' }])(
    'is needed: %j',
    async (headers) => {
      const response = await get('/projects/42', headers as Record<string, string>);
      expect([response.status, await response.json()]).toEqual([401, { message: '401 Unauthorized' }]);
    },
  );
});

describe('the limits', () => {
  it('answer as Rack::Attack does over the whole API, until the minute is over', async () => {
    for (let count = 0; count < 5; count += 1) expect((await get('/version')).status).toBe(200);
    const limited = await get('/version');
    expect([limited.status, await limited.text()]).toEqual([429, 'Retry later\n']);
    expect(Object.fromEntries(limited.headers)).toMatchObject({
      'content-type': 'text/plain',
      'ratelimit-limit': '5',
      'ratelimit-observed': '6',
      'ratelimit-remaining': '0',
      'ratelimit-reset': String(Date.parse('2026-11-21T10:01:00Z') / 1_000),
      'ratelimit-resettime': 'Sat, 21 Nov 2026 10:01:00 GMT',
      'retry-after': '45',
    });
    clock.advance(45_000);
    expect((await get('/version')).status).toBe(200);
  });

  it('are told with every answer', async () => {
    await get('/version');
    const response = await get('/projects/42/jobs/1');
    expect(response.status).toBe(404);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'ratelimit-name': 'throttle_authenticated_api',
      'ratelimit-limit': '5',
      'ratelimit-observed': '2',
      'ratelimit-remaining': '3',
      'ratelimit-reset': String(Date.parse('2026-11-21T10:01:00Z') / 1_000),
    });
    expect(response.headers.get('retry-after')).toBeNull();
  });

  it('of a project’s job list are JSON and name no time', async () => {
    for (let count = 0; count < 2; count += 1) expect((await get('/projects/42/jobs')).status).toBe(200);
    const limited = await get('/projects/42/jobs');
    expect([limited.status, limited.headers.get('retry-after'), await limited.json()]).toEqual([
      429,
      null,
      { message: { error: 'This endpoint has been requested too many times. Try again later.' } },
    ]);
  });
});

describe('faults', () => {
  it('answer the next requests only, and only where they are meant', async () => {
    gitlab.faults.answerNext(2, { status: 502, path: '/jobs' });
    gitlab.faults.answerNext(1, { status: 429, retryAfter: 7 });
    const limited = await get('/version');
    expect([limited.status, limited.headers.get('retry-after'), await limited.text()]).toEqual([
      429,
      '7',
      'Retry later\n',
    ]);
    expect((await get('/version')).status).toBe(200);
    const bad = await get('/projects/42/jobs');
    expect([bad.status, bad.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect((await get('/projects/42/jobs')).status).toBe(502);
    expect((await get('/projects/42/jobs')).status).toBe(200);
  });

  it('send a request elsewhere, or to another origin’s next page', async () => {
    gitlab.faults.redirect('/version', 'http://other.example/api/v4/version');
    const url = `${gitlab.url}/api/v4/version`;
    const response = await fetch(url, { headers: { 'PRIVATE-TOKEN': 'secret' }, redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'http://other.example/api/v4/version',
    ]);
    gitlab.faults.redirect('/version', undefined);
    expect((await get('/version')).status).toBe(200);
    gitlab.faults.misleadLinks('http://other.example');
    const page = await get('/projects?per_page=1');
    expect(page.headers.get('link')).toMatch(/^<http:\/\/other\.example\/api\/v4\/projects\?/);
  });

  it('leave a request without an answer', async () => {
    gitlab.faults.hangNext(1);
    const signal = AbortSignal.timeout(100);
    await expect(fetch(`${gitlab.url}/api/v4/version`, { signal })).rejects.toThrow('timeout');
    expect((await get('/version')).status).toBe(200);
    expect(gitlab.requests.all().map(({ status }) => status)).toEqual([undefined, 200]);
  });

  it('slow every answer down', async () => {
    gitlab.faults.slowDown(60);
    const began = performance.now();
    expect((await get('/version')).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
  });

  it('refuse connections, and take them again at the same address', async () => {
    expect((await get('/version')).status).toBe(200);
    await gitlab.refuseConnections();
    await expect(get('/version')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await gitlab.acceptConnections();
    expect((await get('/version')).status).toBe(200);
  });
});

it('tells its own time', async () => {
  expect((await get('/version')).headers.get('date')).toBe('Sat, 21 Nov 2026 10:00:15 GMT');
});

it('logs what was asked', async () => {
  await get('/projects/42/jobs?scope[]=running');
  await get('/projects/42/jobs/1');
  expect(gitlab.requests.all()).toEqual([
    {
      at: START,
      method: 'GET',
      path: '/api/v4/projects/42/jobs?scope[]=running',
      route: '/api/v4/projects/:id/jobs',
      status: 200,
      traceBytes: 0,
    },
    {
      at: START,
      method: 'GET',
      path: '/api/v4/projects/42/jobs/1',
      route: '/api/v4/projects/:id/jobs/:job_id',
      status: 404,
      traceBytes: 0,
    },
  ]);
  expect(gitlab.requests.count('/projects/:id/jobs')).toBe(1);
});
