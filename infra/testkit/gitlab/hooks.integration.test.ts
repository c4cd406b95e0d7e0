import { ManualClock } from '@sideband/shared/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

const SIGNING = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOOK = { url: 'http://collector.example/hooks', token: 'first', job_events: true, push_events: false };

let gitlab: GitLabStandIn;

async function start(version = '19.3.0-ee'): Promise<void> {
  gitlab = await startGitLab({
    clock: new ManualClock(Date.parse('2026-11-21T10:00:00.250Z')),
    version,
    token: 'root',
    tokens: [
      { token: 'maintainer', scopes: ['api'], role: 'maintainer' },
      { token: 'reading', scopes: ['read_api'], role: 'owner' },
      { token: 'developer', scopes: ['api'], role: 'developer' },
      { token: 'owner', scopes: ['api'], role: 'owner', memberOf: ['group'] },
    ],
  });
  gitlab.createGroup({ id: 5, path: 'group' });
  gitlab.createProject({ id: 42, path: 'group/app' });
}

beforeEach(() => start());
afterEach(() => gitlab.stop());

async function ask(method: string, path: string, body?: unknown, token = 'root'): Promise<[number, never]> {
  const response = await fetch(`${gitlab.url}/api/v4${path}`, {
    method,
    headers: { 'PRIVATE-TOKEN': token, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return [response.status, (text === '' ? undefined : JSON.parse(text)) as never];
}

describe('a hook', () => {
  it('is made, listed, changed and removed, and never shows its secrets', async () => {
    const [status, made] = await ask('POST', '/projects/42/hooks', {
      ...HOOK,
      signing_token: SIGNING,
      name: 'ours',
    });
    expect(status).toBe(201);
    expect(made).toMatchObject({
      id: 1,
      project_id: 42,
      url: HOOK.url,
      name: 'ours',
      description: null,
      created_at: '2026-11-21T10:00:00.250Z',
      job_events: true,
      push_events: false,
      pipeline_events: false,
      enable_ssl_verification: true,
      alert_status: 'executable',
      disabled_until: null,
      token_present: true,
      signing_token_present: true,
    });
    expect(JSON.stringify(made)).not.toMatch(/first|whsec/);
    expect(gitlab.hook(1)).toMatchObject({ token: 'first', signingToken: SIGNING });

    expect(await ask('PUT', '/projects/42/hooks/1', { description: 'master 1' })).toMatchObject([
      200,
      { description: 'master 1', token_present: true, job_events: true },
    ]);
    expect(await ask('GET', '/projects/group%2Fapp/hooks')).toMatchObject([200, [{ id: 1 }]]);
    expect(await ask('DELETE', '/projects/42/hooks/1')).toEqual([204, undefined]);
    expect(await ask('GET', '/projects/42/hooks/1')).toEqual([404, { message: '404 Not found' }]);
  });

  it('forgets its secrets when only its address changes', async () => {
    await ask('POST', '/projects/42/hooks', { ...HOOK, signing_token: SIGNING });
    await ask('PUT', '/projects/42/hooks/1', { url: HOOK.url });
    expect(gitlab.hook(1).token).toBe('first');
    expect(await ask('PUT', '/projects/42/hooks/1', { url: 'http://elsewhere.example/' })).toMatchObject([
      200,
      { token_present: false, signing_token_present: false },
    ]);
    await ask('PUT', '/projects/42/hooks/1', { url: HOOK.url, token: 'second' });
    expect(gitlab.hook(1).token).toBe('second');
  });

  it('is of one owner only, and counted: 100 a project, 50 a group', async () => {
    const id = gitlab.registerHook({ kind: 'group', group: 5 }, { url: HOOK.url });
    expect((await ask('GET', `/projects/42/hooks/${id}`))[0]).toBe(404);
    expect(await ask('GET', `/groups/group/hooks/${id}`)).toMatchObject([
      200,
      { group_id: 5, project_events: false },
    ]);
    for (let count = 0; count < 100; count += 1) {
      gitlab.registerHook({ kind: 'project', project: 42 }, { url: HOOK.url });
    }
    expect(await ask('POST', '/projects/42/hooks', HOOK)).toEqual([
      422,
      { error: 'Maximum number of project hooks (100) exceeded' },
    ]);
    expect((await ask('POST', '/groups/5/hooks', HOOK))[0]).toBe(201);
  });

  it.each([
    [{ job_events: true }, 400, 'url is missing'],
    [{ url: 'ftp://collector.example/' }, 422, 'Invalid url given'],
    [{ ...HOOK, signing_token: 'whsec_c2hvcnQ=' }, 422, expect.stringContaining('32 bytes')],
  ])('is refused: %j', async (body, status, error) => {
    expect(await ask('POST', '/projects/42/hooks', body)).toEqual([status, { error }]);
  });

  it('takes its parameters as a form or in the query as well', async () => {
    const headers = { 'PRIVATE-TOKEN': 'root' };
    const form = new URLSearchParams({ url: HOOK.url, job_events: 'true', push_events: 'false' });
    await fetch(`${gitlab.url}/api/v4/projects/42/hooks`, { method: 'POST', headers, body: form });
    await fetch(`${gitlab.url}/api/v4/projects/42/hooks?${form}`, { method: 'POST', headers });
    const both = gitlab.hook(1).events['job_events'] === true && gitlab.hook(2).events['job_events'] === true;
    expect([both, gitlab.hook(2).events['push_events']]).toEqual([true, false]);
  });
});

describe('hooks are managed', () => {
  it.each([
    ['/projects/42/hooks', 'maintainer', 201],
    ['/projects/42/hooks', 'developer', 403],
    ['/groups/5/hooks', 'maintainer', 403],
    ['/groups/5/hooks', 'owner', 201],
    ['/hooks', 'owner', 403],
    ['/hooks', 'root', 201],
  ])('at %s by a token of role %s: %d', async (path, token, status) => {
    expect((await ask('POST', path, HOOK, token))[0]).toBe(status);
    expect((await ask('GET', path, undefined, token))[0]).toBe(status === 201 ? 200 : status);
  });

  it('only with the scope api', async () => {
    expect((await ask('GET', '/projects/42/hooks', undefined, 'reading'))[0]).toBe(200);
    expect(await ask('POST', '/projects/42/hooks', HOOK, 'reading')).toEqual([
      403,
      {
        error: 'insufficient_scope',
        error_description: 'The request requires higher privileges than provided by the access token.',
        scope: 'api',
      },
    ]);
  });

  it('not for what is hidden, nor for groups without the enterprise edition', async () => {
    gitlab.createProject({ id: 43, path: 'other/app' });
    expect((await ask('GET', '/projects/43/hooks', undefined, 'owner'))[0]).toBe(404);
    await gitlab.stop();
    await start('19.3.0');
    expect((await ask('GET', '/groups/5/hooks'))[0]).toBe(404);
    expect((await ask('GET', '/projects/42/hooks'))[0]).toBe(200);
  });
});

describe('old versions', () => {
  it('ignore a signing token and have neither flags nor names to show', async () => {
    await gitlab.stop();
    await start('16.9.0-ee');
    const [status, made] = await ask('POST', '/projects/42/hooks', {
      ...HOOK,
      signing_token: SIGNING,
      name: 'x',
    });
    expect(status).toBe(201);
    expect(Object.keys(made)).not.toEqual(expect.arrayContaining([expect.stringMatching(/present$|^name$/)]));
    expect(gitlab.hook(1)).toMatchObject({ token: 'first', signingToken: undefined });
    expect((await ask('GET', '/projects/42/hooks/1/events'))[0]).toBe(404);
    expect((await ask('POST', '/projects/42/hooks/1/test/job_events'))[0]).toBe(404);
  });
});
