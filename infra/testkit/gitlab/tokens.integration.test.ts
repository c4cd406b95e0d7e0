import { ManualClock } from '@sideband/shared/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

let clock: ManualClock;
let gitlab: GitLabStandIn;

beforeEach(async () => {
  clock = new ManualClock(Date.parse('2026-11-21T10:00:00.000Z'));
  gitlab = await startGitLab({
    clock,
    token: 'root',
    tokens: [
      { token: 'reader', scopes: ['read_api'], role: 'reporter', name: 'sideband', expiresAt: '2026-11-22' },
      { token: 'guest', scopes: ['api'], role: 'guest' },
      { token: 'narrow', scopes: ['read_user'], role: 'owner' },
      { token: 'team', scopes: ['api'], role: 'maintainer', memberOf: ['team'] },
      { token: 'apart', scopes: ['api'], role: 'admin', memberOf: [] },
      { token: 'oauth', scopes: ['api'], role: 'owner', oauth: true },
    ],
  });
  gitlab.createGroup({ id: 5, path: 'group' });
  gitlab.createProject({ id: 42, path: 'group/app' });
  gitlab.createProject({ id: 43, path: 'team/app' });
});

afterEach(() => gitlab.stop());

async function ask(token: string, path: string): Promise<[number, never]> {
  const response = await fetch(`${gitlab.url}/api/v4${path}`, { headers: { 'PRIVATE-TOKEN': token } });
  return [response.status, (await response.json()) as never];
}

async function projects(token: string): Promise<number[]> {
  const [, list] = await ask(token, '/projects?membership=true&min_access_level=20&sort=asc');
  return (list as { id: number }[]).map(({ id }) => id);
}

describe('a token', () => {
  it('says what it is, whatever its scope', async () => {
    expect(await ask('reader', '/personal_access_tokens/self')).toMatchObject([
      200,
      { name: 'sideband', scopes: ['read_api'], active: true, revoked: false, expires_at: '2026-11-22' },
    ]);
    expect((await ask('narrow', '/personal_access_tokens/self'))[0]).toBe(200);
    expect(await ask('narrow', '/version')).toMatchObject([403, { scope: 'api read_api' }]);
  });

  it('of an application comes as bearer only, and cannot say what it is', async () => {
    expect((await ask('oauth', '/version'))[0]).toBe(401);
    const headers = { Authorization: 'Bearer oauth' };
    expect((await fetch(`${gitlab.url}/api/v4/version`, { headers })).status).toBe(200);
    const self = await fetch(`${gitlab.url}/api/v4/personal_access_tokens/self`, { headers });
    expect(self.status).toBe(400);
  });

  it('expires, is revoked, and is replaced by one with the same rights', async () => {
    clock.advance(14 * 3_600_000);
    expect(await ask('reader', '/version')).toMatchObject([401, { error: 'invalid_token' }]);
    gitlab.rotateToken('team', 'team-2');
    expect(await ask('team', '/version')).toEqual([
      401,
      {
        error: 'invalid_token',
        error_description: 'Token was revoked. You have to re-authorize from the user.',
      },
    ]);
    expect(await projects('team-2')).toEqual([43]);
    expect(await ask('nobody', '/version')).toEqual([401, { message: '401 Unauthorized' }]);
  });
});

describe('a role', () => {
  it('is held in some namespaces, and opens the more the higher it is', async () => {
    expect(await projects('reader')).toEqual([42, 43]);
    expect(await projects('guest')).toEqual([]);
    expect(await projects('team')).toEqual([43]);
    expect((await ask('team', '/projects/42'))[0]).toBe(404);
    expect((await ask('guest', '/projects/42'))[0]).toBe(200);
    expect((await ask('guest', '/projects/42/jobs'))[0]).toBe(403);
    expect((await ask('reader', '/projects/42/jobs'))[0]).toBe(200);
  });

  it('of administrator needs no membership, and is none', async () => {
    expect(await projects('apart')).toEqual([]);
    expect((await ask('apart', '/projects/42/jobs'))[0]).toBe(200);
    expect((await ask('apart', '/hooks'))[0]).toBe(200);
  });
});

it('a group is found by id and by path, by its members', async () => {
  expect(await ask('reader', '/groups/5')).toMatchObject([
    200,
    { id: 5, full_path: 'group', parent_id: null },
  ]);
  expect(await ask('reader', '/groups/group')).toMatchObject([200, { id: 5 }]);
  expect(await ask('team', '/groups/5')).toEqual([404, { message: '404 Group Not Found' }]);
  expect(await ask('reader', '/projects/group%2Fapp')).toMatchObject([200, { namespace: { id: 5 } }]);
});
