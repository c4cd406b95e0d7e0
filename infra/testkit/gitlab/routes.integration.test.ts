import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

const START = Date.parse('2026-11-21T10:00:00.250Z');
const PICK_UP = { systemId: 's_0123456789ab', runnerId: 7 };
const headers = { 'PRIVATE-TOKEN': 'secret' };

let clock: ManualClock;
let gitlab: GitLabStandIn;
let project: ProjectId;

beforeEach(async () => {
  clock = new ManualClock(START);
  gitlab = await startGitLab({ clock, token: 'secret' });
  project = gitlab.createProject({ id: 42, path: 'group/app' });
});

afterEach(() => gitlab.stop());

function get(path: string): Promise<Response> {
  return fetch(path.startsWith('http') ? path : `${gitlab.url}/api/v4${path}`, { headers });
}

async function ids(path: string): Promise<number[]> {
  return ((await (await get(path)).json()) as { id: number }[]).map(({ id }) => id);
}

function runningJob(pickUp = PICK_UP): JobId {
  const job = gitlab.createJob({ project, name: 'test' });
  gitlab.pending(job);
  gitlab.running(job, pickUp);
  return job;
}

describe('a job', () => {
  it('is shown as GitLab shows it at each of its stages', async () => {
    const job = gitlab.createJob({ project, name: 'test', tags: ['linux', 'big'] });
    const created = await (await get(`/projects/42/jobs/${job}`)).json();
    expect(created).toMatchObject({
      id: job,
      status: 'created',
      stage: 'test',
      name: 'test',
      ref: 'main',
      tag: false,
      created_at: '2026-11-21T10:00:00.250Z',
      started_at: null,
      finished_at: null,
      erased_at: null,
      duration: null,
      queued_duration: null,
      pipeline: { project_id: 42, ref: 'main' },
      web_url: `${gitlab.url}/group/app/-/jobs/${job}`,
      artifacts: [],
      runner: null,
      runner_manager: null,
      tag_list: ['big', 'linux'],
    });

    clock.advance(1_000);
    gitlab.pending(job);
    clock.advance(2_500);
    gitlab.running(job, PICK_UP);
    clock.advance(60_000);
    const running = await (await get(`/projects/42/jobs/${job}`)).json();
    expect(running).toMatchObject({
      status: 'running',
      started_at: '2026-11-21T10:00:03.750Z',
      duration: 60,
      queued_duration: 2.5,
      runner: { id: 7, ip_address: '', runner_type: 'instance_type' },
      runner_manager: {
        id: 1,
        system_id: 's_0123456789ab',
        version: '19.3.0',
        job_execution_status: 'active',
      },
    });
    expect(running).not.toHaveProperty('failure_reason');

    gitlab.finish(job, 'failed', { finishedAt: (START + 70_000) as Millis });
    expect(await (await get(`/projects/42/jobs/${job}`)).json()).toMatchObject({
      status: 'failed',
      finished_at: '2026-11-21T10:01:10.250Z',
      duration: 66.5,
      failure_reason: 'script_failure',
    });
  });

  it('is not found in another project, and unknown ones get GitLab’s own words', async () => {
    gitlab.createProject({ id: 43, path: 'group/other' });
    const job = runningJob();
    const answers = [`/projects/43/jobs/${job}`, '/projects/42/jobs/1', '/projects/99/jobs', '/nonsense'].map(
      get,
    );
    expect(
      await Promise.all((await Promise.all(answers)).map(async (it) => [it.status, await it.json()])),
    ).toEqual([
      [404, { message: '404 Not found' }],
      [404, { message: '404 Not found' }],
      [404, { message: '404 Project Not Found' }],
      [404, { error: '404 Not Found' }],
    ]);
  });
});

describe('a trace', () => {
  it('is empty before anything is written, grows while the job runs, and is empty again once erased', async () => {
    const job = runningJob();
    const path = `/projects/group%2Fapp/jobs/${job}/trace`;
    const first = await get(path);
    expect([first.status, first.headers.get('content-type'), await first.text()]).toEqual([
      200,
      'text/plain',
      '',
    ]);
    gitlab.writeTrace(job, 'Running with\n');
    gitlab.writeTrace(job, 'Größe\r\u001b[0K');
    expect(await (await get(path)).text()).toBe('Running with\nGröße\r\u001b[0K');
    gitlab.finish(job, 'success');
    gitlab.erase(job);
    const erased = await get(path);
    expect([erased.status, await erased.text()]).toEqual([200, '']);
    expect(await (await get(`/projects/42/jobs/${job}`)).json()).toMatchObject({
      erased_at: '2026-11-21T10:00:00.250Z',
    });
  });

  it('of many megabytes stops being sent when the reader hangs up', async () => {
    const job = runningJob();
    gitlab.writeTrace(job, 'head\n');
    gitlab.faults.padTrace(job, 64_000_000);
    const response = await get(`/projects/42/jobs/${job}/trace`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();
    expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^head\n/);
    const sent = gitlab.requests.all().at(-1)?.traceBytes ?? 0;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(8_000_000);
  });

  it('arrives whole, and its bytes are counted, when the reader reads on', async () => {
    const job = runningJob();
    gitlab.writeTrace(job, 'head\n');
    gitlab.faults.padTrace(job, 1_000_000);
    const body = await (await get(`/projects/42/jobs/${job}/trace`)).arrayBuffer();
    expect(body.byteLength).toBe(1_000_005);
    expect(gitlab.requests.all().at(-1)).toMatchObject({ status: 200, traceBytes: 1_000_005 });
  });

  it('can be lost', async () => {
    const job = runningJob();
    gitlab.faults.loseTrace(job);
    const response = await get(`/projects/42/jobs/${job}/trace`);
    expect([response.status, await response.json()]).toEqual([404, { message: '404 Not found' }]);
  });
});

describe('the jobs of a project', () => {
  it('come newest first, 20 a page, without totals', async () => {
    const jobs = Array.from({ length: 45 }, () => gitlab.createJob({ project, name: 'test' })).reverse();
    const first = await get('/projects/42/jobs');
    expect(await ids('/projects/42/jobs')).toEqual(jobs.slice(0, 20));
    expect(
      Object.fromEntries(
        ['x-page', 'x-next-page', 'x-per-page', 'x-total'].map((it) => [it, first.headers.get(it)]),
      ),
    ).toEqual({ 'x-page': '1', 'x-next-page': '2', 'x-per-page': '20', 'x-total': null });
    const base = `${gitlab.url}/api/v4/projects/42/jobs?id=42`;
    expect(first.headers.get('link')).toBe(
      `<${base}&page=2&per_page=20>; rel="next", <${base}&page=1&per_page=20>; rel="first"`,
    );
    expect(await ids('/projects/42/jobs?page=3')).toEqual(jobs.slice(40));
    expect(await ids('/projects/42/jobs?per_page=500')).toHaveLength(45);
  });

  it('are followed by cursor to the end, once each, though new ones come meanwhile', async () => {
    const jobs = Array.from({ length: 25 }, () => gitlab.createJob({ project, name: 'test' })).reverse();
    let next: string | undefined = '/projects/42/jobs?pagination=keyset&order_by=id&sort=desc&per_page=10';
    const seen: number[] = [];
    while (next !== undefined) {
      const page: Response = await get(next);
      seen.push(...((await page.json()) as { id: number }[]).map(({ id }) => id));
      gitlab.createJob({ project, name: 'late' });
      next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(jobs);
    const wrong = await get('/projects/42/jobs?pagination=keyset&sort=asc');
    expect([wrong.status, await wrong.json()]).toEqual([
      405,
      { error: 'Keyset pagination is not yet available for this type of request' },
    ]);
  });

  it('are filtered by scope', async () => {
    const waiting = gitlab.createJob({ project, name: 'test' });
    const running = runningJob();
    const ended = runningJob();
    gitlab.finish(ended, 'success');
    expect(await ids('/projects/42/jobs?scope[]=running')).toEqual([running]);
    expect(await ids('/projects/42/jobs?scope[]=success&scope[]=created')).toEqual([ended, waiting]);
    const wrong = await get('/projects/42/jobs?scope[]=done');
    expect([wrong.status, await wrong.json()]).toEqual([400, { error: 'scope does not have a valid value' }]);
  });

  it('are hidden from a guest', async () => {
    gitlab.createProject({ id: 50, path: 'group/guest', access: 'guest' });
    const response = await get('/projects/50/jobs');
    expect([response.status, await response.json()]).toEqual([403, { message: '403 Forbidden' }]);
    expect((await get('/projects/50')).status).toBe(200);
  });
});

describe('projects', () => {
  beforeEach(() => {
    gitlab.createProject({ id: 50, path: 'group/guest', access: 'guest' });
    gitlab.createProject({ id: 51, path: 'group/hidden', access: 'none' });
    gitlab.createProject({ id: 52, path: 'group/deep/lib' });
  });

  it('are those the token may see, at the level that is asked', async () => {
    expect(await ids('/projects?membership=true')).toEqual([52, 50, 42]);
    expect(await ids('/projects?membership=true&min_access_level=20')).toEqual([52, 42]);
    expect((await get('/projects/51')).status).toBe(404);
    const page = await get('/projects?per_page=2&page=2');
    expect(page.headers.get('x-total')).toBe('3');
    expect(page.headers.get('link')).toContain('page=1&per_page=2>; rel="prev"');
    expect(page.headers.get('link')).toContain('page=2&per_page=2>; rel="last"');
  });

  it('are followed by keyset, and are found by path as well', async () => {
    const page = await get('/projects?pagination=keyset&order_by=id&sort=asc&per_page=2&simple=true');
    const link = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    expect(link).toContain('id_after=50');
    expect(await ids(link)).toEqual([52]);
    expect(await (await get('/projects/group%2Fdeep%2Flib')).json()).toMatchObject({
      id: 52,
      path: 'lib',
      path_with_namespace: 'group/deep/lib',
      namespace: { full_path: 'group/deep' },
      permissions: { project_access: { access_level: 20 } },
    });
  });
});

describe('the jobs of a runner', () => {
  it('can be narrowed to one manager, then without totals, and show no manager themselves', async () => {
    const mine = runningJob();
    const other = runningJob({ systemId: 's_ba9876543210', runnerId: 7 });
    runningJob({ systemId: 's_0123456789ab', runnerId: 8 });
    expect(await ids('/runners/7/jobs')).toEqual([other, mine]);
    const response = await get('/runners/7/jobs?system_id=s_0123456789ab');
    expect(response.headers.get('x-total')).toBeNull();
    const [job] = (await response.json()) as Record<string, unknown>[];
    expect(job).toMatchObject({ id: mine, project: { id: 42, path_with_namespace: 'group/app' } });
    expect(job).not.toHaveProperty('runner_manager');
    expect((await get('/runners/7/jobs')).headers.get('x-total')).toBe('2');
    expect((await get('/runners/9/jobs')).status).toBe(404);
  });
});

it('says which version it is', async () => {
  expect(await (await get('/version')).json()).toEqual({ version: '19.3.0-ee', revision: 'a1b2c3d4e5f' });
  expect(await (await get('/metadata')).json()).toMatchObject({
    version: '19.3.0-ee',
    kas: { enabled: false },
  });
});
