import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import type { Hook, HookOwner } from '../gitlab/hooks-port.ts';
import { createMemoryAdmin } from '../gitlab/memory-admin.ts';
import { desiredHook } from './desired-hook.ts';
import { installHook, removeHooks, signsHooks } from './install-hooks.ts';
import { verifyHooks } from './verify-hooks.ts';

const instance = 'gitlab.example' as InstanceName;
const target = { instance, publicUrl: 'https://sideband.example', master: 'a-master-of-16-letters' };
const PROJECT: HookOwner = { kind: 'project', project: 42 as ProjectId };
const GROUP: HookOwner = { kind: 'group', group: 7 as GroupId };
const SYSTEM: HookOwner = { kind: 'system' };

function fixture(version = '19.3.0-ee') {
  const admin = createMemoryAdmin({
    instance,
    clock: new ManualClock(0),
    projects: { 'group/app': 42 },
    groups: { group: 7 },
    version,
  });
  const install = async (owner = PROJECT, apply = true, to = target) =>
    installHook(admin, to, owner, { apply, signs: await signsHooks(admin) });
  const kinds = async (owner = PROJECT, apply = true, to = target) =>
    (await install(owner, apply, to)).steps.map(({ kind }) => kind);
  const verify = async (owner = PROJECT) => {
    const { hooks } = await verifyHooks(admin, target, owner, await signsHooks(admin));
    return hooks.map(({ problems }) => problems.map(({ reason }) => reason));
  };
  return { admin, install, kinds, verify };
}

test.each([
  ['a project', PROJECT, 'https://sideband.example/hooks/gitlab.example/projects/42', ['job_events']],
  [
    'a group',
    GROUP,
    'https://sideband.example/hooks/gitlab.example/groups/7',
    ['job_events', 'project_events'],
  ],
  ['the instance', SYSTEM, 'https://sideband.example/hooks/gitlab.example/system', []],
])('%s gets one hook, and doing it again changes nothing', async (_, owner, url, events) => {
  const { admin, install, kinds, verify } = fixture();
  expect(await install(owner)).toMatchObject({ steps: [{ kind: 'add' }], error: undefined, signed: true });
  const [hook] = await admin.hooks(owner);
  expect(hook).toMatchObject({ url, events, verifiesTls: true });
  const { token, signingToken } = desiredHook(target, owner);
  expect(admin.secretsOf(owner, hook?.id ?? 0)).toEqual({ token, signingToken });
  expect(await verify(owner)).toEqual([[]]);
  expect(await kinds(owner)).toEqual(['keep']);
  expect(admin.calls('addHook') + admin.calls('changeHook') + admin.calls('removeHook')).toBe(1);
});

test('without being told to, nothing is changed', async () => {
  const { admin, kinds } = fixture();
  expect(await kinds(PROJECT, false)).toEqual(['add']);
  expect(await admin.hooks(PROJECT)).toEqual([]);
});

test('a GitLab before 19.0 keeps no signing token, and that is no fault of the hook', async () => {
  const { install, kinds, verify } = fixture('18.9.1');
  expect((await install()).signed).toBe(false);
  expect(await verify()).toEqual([[]]);
  expect(await kinds()).toEqual(['keep']);
});

test.each(['16.11.0', '19.3.0'])(
  'a GitLab %s that does not say with which secret a hook was made gets it again, and only from install',
  async (version) => {
    const { admin, kinds, verify } = fixture(version);
    expect(await kinds()).toEqual(['add']);
    const [hook] = await admin.hooks(PROJECT);
    admin.alterHook(PROJECT, hook?.id ?? 0, { description: '' });
    expect(await verify()).toEqual([[]]);
    const rotated = { ...target, master: 'another-master-of-ours' };
    expect(await kinds(PROJECT, true, rotated)).toEqual(['change']);
    expect(admin.secretsOf(PROJECT, hook?.id ?? 0).token).toBe(desiredHook(rotated, PROJECT).token);
  },
);

test('a disabled hook stays where GitLab takes no other, and says why there is none', async () => {
  const { admin, install, verify } = fixture();
  await install();
  const [hook] = await admin.hooks(PROJECT);
  admin.alterHook(PROJECT, hook?.id ?? 0, { state: 'disabled' });
  admin.fail('addHook', new SidebandError('GITLAB_REFUSED', { status: 422 }));
  expect((await install()).error?.code).toBe('GITLAB_REFUSED');
  expect(await verify()).toEqual([['disabled']]);
  admin.fail('addHook', undefined);
  await install();
  expect(await verify()).toEqual([[]]);
});

test.each<[string, Partial<Hook>, string, string]>([
  ['an event more', { events: ['job_events', 'push_events'] }, 'other-events', 'change'],
  ['an event less', { events: [] }, 'other-events', 'change'],
  ['no TLS verification', { verifiesTls: false }, 'tls-not-verified', 'change'],
  ['no token', { hasToken: false }, 'no-secret', 'change'],
  ['no signing token', { hasSigningToken: false }, 'no-signing-token', 'change'],
  ['another secret', { description: 'Tells Sideband of jobs. Secret 00000000' }, 'other-secret', 'change'],
  [
    'another address',
    { url: 'http://old.example/hooks/gitlab.example/projects/42' },
    'other-address',
    'change',
  ],
  ['a disabled hook', { state: 'disabled' }, 'disabled', 'replace'],
])('%s is seen and mended', async (_, alteration, reason, step) => {
  const { admin, install, kinds, verify } = fixture();
  await install();
  const [hook] = await admin.hooks(PROJECT);
  admin.alterHook(PROJECT, hook?.id ?? 0, alteration);
  expect(await verify()).toEqual([[reason]]);
  expect(await kinds()).toEqual([step]);
  expect(await verify()).toEqual([[]]);
});

test('a paused hook is told of and left alone: GitLab tries it again', async () => {
  const { admin, install, kinds, verify } = fixture();
  await install();
  const [hook] = await admin.hooks(PROJECT);
  admin.alterHook(PROJECT, hook?.id ?? 0, { state: 'paused' });
  expect(await verify()).toEqual([['paused']]);
  expect(await kinds()).toEqual(['keep']);
});

test('a new master is handed to hooks that were made with the old one', async () => {
  const { admin, install, kinds } = fixture();
  await install();
  const rotated = { ...target, master: 'another-master-of-ours' };
  expect(await kinds(PROJECT, true, rotated)).toEqual(['change']);
  const [hook] = await admin.hooks(PROJECT);
  expect(admin.secretsOf(PROJECT, hook?.id ?? 0).token).toBe(desiredHook(rotated, PROJECT).token);
});

test('hooks of others are never touched, and a second one of ours goes', async () => {
  const { admin, install, kinds } = fixture();
  const other = { ...desiredHook(target, PROJECT), url: 'https://chat.example/hooks' };
  await admin.addHook(PROJECT, other);
  await install();
  await admin.addHook(PROJECT, {
    ...desiredHook(target, PROJECT),
    url: 'http://old.example/hooks/gitlab.example/projects/42',
  });
  expect(await kinds()).toEqual(['keep', 'remove']);
  expect((await admin.hooks(PROJECT)).map(({ url }) => new URL(url).hostname)).toEqual([
    'chat.example',
    'sideband.example',
  ]);
  expect((await removeHooks(admin, target, PROJECT, { apply: true })).steps).toHaveLength(1);
  expect((await admin.hooks(PROJECT)).map(({ url }) => url)).toEqual([other.url]);
});

test('what the newest deliveries say is told', async () => {
  const { admin, install } = fixture();
  await install();
  const [hook] = await admin.hooks(PROJECT);
  const id = hook?.id ?? 0;
  admin.setDeliveries(PROJECT, id, [
    { at: undefined, status: '401' },
    { at: undefined, status: '202' },
  ]);
  const { hooks } = await verifyHooks(admin, target, PROJECT, true);
  expect(hooks[0]?.problems.map(({ text }) => text)).toEqual([
    '1 of its last 2 deliveries failed, the newest with "401": its secret is another than the collector’s',
  ]);
  admin.setDeliveries(PROJECT, id, [
    { at: undefined, status: '202' },
    { at: undefined, status: 'internal error' },
  ]);
  expect((await verifyHooks(admin, target, PROJECT, true)).hooks[0]?.problems).toEqual([]);
});

test('one that refuses us is an outcome; a GitLab that is away is thrown', async () => {
  const { admin, install } = fixture();
  admin.fail('addHook', new SidebandError('GITLAB_REFUSED'));
  expect((await install()).error?.code).toBe('GITLAB_REFUSED');
  admin.fail('addHook', new SidebandError('GITLAB_UNAVAILABLE'));
  await expect(install()).rejects.toMatchObject({ code: 'GITLAB_UNAVAILABLE' });
});

test.each([
  ['a 500', { status: 500, reason: 'status' }],
  ['a 418', { status: 418, reason: 'status' }],
  ['a hook that cannot be read', { status: 200, reason: 'malformed' }],
])('%s is of one owner', async (_, details) => {
  const { admin, install } = fixture();
  admin.fail('hooks', new SidebandError('GITLAB_UNAVAILABLE', details));
  expect((await install()).error).toMatchObject({ code: 'GITLAB_UNAVAILABLE', details });
  expect((await removeHooks(admin, target, PROJECT, { apply: true })).error?.details).toEqual(details);
  expect((await verifyHooks(admin, target, PROJECT, true)).error?.details).toEqual(details);
});

test.each([
  ['a gateway without GitLab', 'GITLAB_UNAVAILABLE', { status: 502, reason: 'status' }],
  ['a redirect', 'GITLAB_UNAVAILABLE', { status: 302, reason: 'redirect' }],
  ['a silence', 'GITLAB_UNAVAILABLE', { reason: 'time-out' }],
  ['a limit', 'GITLAB_RATE_LIMITED', { status: 429 }],
] as const)('%s is of all of them', async (_, code, details) => {
  const { admin, install } = fixture();
  admin.fail('hooks', new SidebandError(code, details));
  await expect(install()).rejects.toMatchObject({ code });
});
