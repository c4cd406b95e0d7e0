import { text } from 'node:stream/consumers';
import type { GroupId, ProjectId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AwkwardGitLab, startAwkwardGitLab } from './awkward-gitlab.suite.ts';
import { expectNoSecret, failureOf, TOKEN } from './guest/guest.suite.ts';
import type { GitLabAdmin, HookOwner, HookSettings } from './hooks-port.ts';

const SIGNING_TOKEN = 'whsec_NEVER-TO-BE-SEEN';
const settings: HookSettings = {
  url: 'https://sideband.example/hooks/main/projects/7',
  token: TOKEN,
  signingToken: SIGNING_TOKEN,
  description: 'made with 0123abcd',
};
const project: HookOwner = { kind: 'project', project: 7 as ProjectId };
const group: HookOwner = { kind: 'group', group: 4 as GroupId };
const system: HookOwner = { kind: 'system' };
const hook = { id: 11, url: settings.url, enable_ssl_verification: true, job_events: true };

let awkward: AwkwardGitLab;
let admin: GitLabAdmin;
beforeEach(async () => {
  awkward = await startAwkwardGitLab();
  admin = awkward.admin;
});
afterEach(() => awkward.close());

/** What is sent, with the hook as the answer. */
async function sent(
  call: () => Promise<unknown>,
): Promise<{ method: string | undefined; path: string | undefined; body: Record<string, unknown> }> {
  let seen: Promise<string> | undefined;
  let method: string | undefined;
  awkward.answer((request, response) => {
    method = request.method;
    seen = text(request);
    void seen.then(() => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(hook));
    });
  });
  await call();
  return { method, path: awkward.asked().at(-1)?.pathname, body: JSON.parse((await seen) ?? '{}') };
}

describe('what GitLab is told of a hook', () => {
  test.each([
    ['a project', project, '/api/v4/projects/7/hooks', ['job_events']],
    ['a group', group, '/api/v4/groups/4/hooks', ['job_events', 'project_events']],
    ['the system', system, '/api/v4/hooks', []],
  ])('of %s: every event off but those wanted, TLS verified', async (_, owner, path, on) => {
    const added = await sent(() => admin.addHook(owner, settings));
    expect([added.method, added.path]).toEqual(['POST', path]);
    expect(added.body).toMatchObject({
      url: settings.url,
      name: 'Sideband',
      description: settings.description,
      token: settings.token,
      signing_token: SIGNING_TOKEN,
      enable_ssl_verification: true,
      push_events: false,
    });
    const events = Object.entries(added.body).filter(([name]) => name.endsWith('_events'));
    expect(events.filter(([, value]) => value === true).map(([name]) => name)).toEqual(on);
    expect(events.every(([, value]) => typeof value === 'boolean')).toBe(true);

    const changed = await sent(() => admin.changeHook(owner, 11, settings));
    expect([changed.method, changed.path]).toEqual(['PUT', `${path}/11`]);
    expect(changed.body).toEqual(added.body);
  });
});

test('a hook is removed by an answer without a body', async () => {
  let method: string | undefined;
  awkward.answer((request, response) => {
    method = request.method;
    response.writeHead(204).end();
  });
  await admin.removeHook(system, 11);
  expect([method, awkward.asked()[0]?.pathname]).toEqual(['DELETE', '/api/v4/hooks/11']);
});

test('a hook is never made twice because GitLab did not answer well', async () => {
  awkward.answerJson(() => ({ status: 502, body: {} }));
  expect(await failureOf(admin.addHook(project, settings))).toMatchObject({ code: 'GITLAB_UNAVAILABLE' });
  expect(awkward.asked()).toHaveLength(1);
});

test.each([422, 400])('what GitLab does not take is refused, and why is said: %d', async (status) => {
  awkward.answerJson(() => ({ status, body: { error: 'Invalid url given' } }));
  for (const call of [admin.addHook(project, settings), admin.changeHook(project, 11, settings)]) {
    const error = await failureOf(call);
    expect(error).toMatchObject({ code: 'GITLAB_REFUSED', details: { status, reason: 'hook-refused' } });
    expect(error.details['problem']).toContain('address for a hook');
  }
});

test.each([
  ['a list', [hook]],
  ['a hook without an id', { ...hook, id: undefined }],
  ['another hook', { ...hook, id: 12 }],
])('%s is no answer to a change', async (_, body) => {
  awkward.answerJson(() => ({ body }));
  const error = await failureOf(admin.changeHook(project, 11, settings));
  expect(error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details: { reason: 'malformed' } });
  expect(JSON.stringify(error.details)).not.toContain(SIGNING_TOKEN);
});

test.each([
  ['an unreadable hook', { ...hook, id: TOKEN }],
  ['nothing', null],
])('%s in a list spoils it: what is left out would be installed again by every run', async (_, entry) => {
  awkward.answerJson(() => ({ body: [hook, entry] }));
  const error = await failureOf(admin.hooks(group));
  expect(error).toMatchObject({
    code: 'GITLAB_UNAVAILABLE',
    details: { path: 'groups/4/hooks', reason: 'malformed' },
  });
  expectNoSecret(JSON.stringify([error, error.details]));
});

test('an unreadable delivery is left out and reported; the others are there', async () => {
  awkward.answerJson(() => ({ body: [{ response_status: '200' }, null] }));
  expect(await admin.deliveries(group, 11)).toHaveLength(1);
  expect(awkward.logged.map((line) => line['list'])).toEqual(['groups/4/hooks/11/events']);
});

test('at most 20 deliveries are read, whatever GitLab sends', async () => {
  awkward.answerJson(() => ({ body: Array.from({ length: 30 }, () => ({ response_status: '200' })) }));
  expect(await admin.deliveries(project, 11)).toHaveLength(20);
  expect(awkward.asked().map((url) => url.pathname + url.search)).toEqual([
    '/api/v4/projects/7/hooks/11/events?per_page=20',
  ]);
});

test('paths are asked for in one piece, whatever is in them', async () => {
  awkward.answerJson(() => ({ body: { id: 5 } }));
  expect(await admin.projectId('group/sub group/app?x=1#y')).toBe(5);
  expect(await admin.groupId('group/sub')).toBe(5);
  expect(awkward.asked().map((url) => url.pathname + url.search)).toEqual([
    '/api/v4/projects/group%2Fsub%20group%2Fapp%3Fx%3D1%23y',
    '/api/v4/groups/group%2Fsub?with_projects=false',
  ]);
});

test.each([
  ['a project', () => admin.projectId('group/app'), 'projects'],
  ['a token', () => admin.token(), 'personal_access_tokens/self'],
  ['a version', () => admin.server(), 'version'],
])('an answer that is not %s is an error', async (_, call, path) => {
  awkward.answerJson(() => ({ body: { id: TOKEN, scopes: TOKEN } }));
  const error = await failureOf(call());
  expect(error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details: { path, reason: 'malformed' } });
});

test.each([
  ['Tue, 01 Jan 2030 00:00:07 GMT', Date.UTC(2030, 0, 1, 0, 0, 7)],
  ['soon', undefined],
])('GitLab’s own time is that of the header Date: %s', async (date, at) => {
  awkward.answerJson(() => ({ body: { version: '17.5.0-ee' }, headers: { date } }));
  expect(await admin.server()).toEqual({ version: '17.5.0-ee', at });
});

test('a token without an end has none', async () => {
  awkward.answerJson(() => ({ body: { id: 1, name: 'old', scopes: ['api'], expires_at: null } }));
  expect(await admin.token()).toEqual({ name: 'old', scopes: ['api'], expiresAt: undefined });
});
