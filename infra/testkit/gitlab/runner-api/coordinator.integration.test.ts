import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from '../stand-in.ts';

let gitlab: GitLabStandIn;

beforeEach(async () => {
  gitlab = await startGitLab({ token: 'root', rateLimit: { perMinute: 1 } });
  gitlab.createProject({ id: 42, path: 'group/app' });
  gitlab.createProject({ id: 43, path: 'other/app' });
  gitlab.createRunner({ id: 1 });
  gitlab.createRunner({ id: 2, group: 'group' });
});
afterEach(() => gitlab.stop());

interface Job {
  readonly id: number;
  readonly token: string;
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const json = { ...headers, 'Content-Type': 'application/json' };
  return fetch(`${gitlab.url}/api/v4${path}`, { method: 'POST', headers: json, body: JSON.stringify(body) });
}

async function take(token: string): Promise<Job> {
  return (await (await post('/jobs/request', { token })).json()) as Job;
}

function patch(job: Job, range: string | undefined, body: string, token = job.token): Promise<Response> {
  return fetch(`${gitlab.url}/api/v4/jobs/${job.id}/trace`, {
    method: 'PATCH',
    headers: {
      ...{ 'JOB-TOKEN': token, 'Content-Type': 'text/plain' },
      ...(range === undefined ? {} : { 'Content-Range': range }),
    },
    body,
  });
}

function put(job: Job, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const json = { ...headers, 'Content-Type': 'application/json' };
  const url = `${gitlab.url}/api/v4/jobs/${job.id}`;
  return fetch(url, { method: 'PUT', headers: json, body: JSON.stringify(body) });
}

describe('the runners’ API', () => {
  it('lets in no stranger, and no user’s token', async () => {
    const user = { 'PRIVATE-TOKEN': 'root' };
    for (const path of ['/runners', '/runners/verify', '/jobs/request']) {
      expect((await post(path, { token: 'wrong' }, user)).status).toBe(403);
      expect((await post(path, {})).status).toBe(403);
    }
    expect((await post('/runners/verify', { token: 5 })).status).toBe(400);
    expect((await post('/jobs/request', {}, { 'RUNNER-TOKEN': gitlab.runnerToken(1) })).status).toBe(204);
  });

  it('is under no user’s limit', async () => {
    const token = gitlab.runnerToken(1);
    for (let count = 0; count < 3; count += 1) {
      expect((await post('/runners/verify', { token })).status).toBe(200);
    }
  });

  it('gives a runner the jobs of its own projects, the oldest first', async () => {
    const [theirs, older, newer] = [43, 42, 42].map((project) =>
      gitlab.createRunnerJob({ project, name: 'test', script: ['true'] }),
    );
    const token = gitlab.runnerToken(2);
    expect((await take(token)).id).toBe(older);
    expect((await take(token)).id).toBe(newer);
    expect((await post('/jobs/request', { token })).status).toBe(204);
    expect((await take(gitlab.runnerToken(1))).id).toBe(theirs);
  });

  it('answers a runner that has seen the newest without a look, until there is something new', async () => {
    const token = gitlab.runnerToken(1);
    const last = (await post('/jobs/request', { token })).headers.get('X-GitLab-Last-Update');
    expect((await post('/jobs/request', { token, last_update: last })).status).toBe(204);
    gitlab.createRunnerJob({ project: 42, name: 'test', script: ['true'] });
    expect((await post('/jobs/request', { token, last_update: last })).status).toBe(201);
  });

  it('takes a log piece by piece, each where the last one ended', async () => {
    gitlab.createRunnerJob({ project: 42, name: 'test', script: ['true'] });
    const job = await take(gitlab.runnerToken(1));
    const outcome = async (response: Promise<Response>): Promise<unknown> => {
      const { status, headers } = await response;
      return [status, headers.get('Range'), headers.get('Job-Status')];
    };
    expect(await outcome(patch(job, '0-4', 'hello'))).toEqual([202, '0-5', 'running']);
    expect(await outcome(patch(job, '3-5', 'xxx'))).toEqual([416, '0-5', null]);
    // The last piece once more, whose answer was lost: nothing is added, and nothing is wrong.
    expect(await outcome(patch(job, '3-4', 'lo'))).toEqual([202, '0-5', 'running']);
    expect(await outcome(patch(job, '9-9', 'x'))).toEqual([416, '0-5', null]);
    expect(await outcome(patch(job, undefined, 'x'))).toEqual([400, null, null]);
    expect(await outcome(patch(job, '5-5', 'x', 'wrong'))).toEqual([403, null, null]);
    expect(await outcome(patch({ ...job, id: 1 }, '5-5', 'x'))).toEqual([404, null, null]);
    const { headers } = await patch(job, '5-5', '!');
    expect([headers.get('Range'), headers.get('X-GitLab-Trace-Update-Interval')]).toEqual(['0-6', '3']);
  });

  it('ends a job once, by its own token in either place', async () => {
    gitlab.createRunnerJob({ project: 42, name: 'test', script: ['true'] });
    const job = await take(gitlab.runnerToken(1));
    const output = { checksum: 'crc32:00000000', bytesize: 0 };
    expect((await put(job, { state: 'running' })).status).toBe(403);
    expect((await put(job, { token: job.token, state: 'running' })).headers.get('Job-Status')).toBe(
      'running',
    );
    expect((await put(job, { state: 'paused' }, { 'JOB-TOKEN': job.token })).status).toBe(400);
    const end = { state: 'failed', failure_reason: 'runner_system_failure', exit_code: 137, output };
    expect((await put(job, end, { 'JOB-TOKEN': job.token })).status).toBe(200);
    const again = await put(job, end, { 'JOB-TOKEN': job.token });
    expect([again.status, again.headers.get('Job-Status')]).toEqual([403, 'failed']);
  });
});
