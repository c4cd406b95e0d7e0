import { startGitLab } from '@sideband/infra/testkit/gitlab/stand-in';
import { until } from '@sideband/infra/testkit/until';
import { systemClock } from '@sideband/shared/clock';
import type { ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { ADMIN_GROUP, ADMIN_PROJECT, type AdminSubject, describeAdmin } from './admin.suite.ts';
import { collect } from './gitlab.suite.ts';
import type { HookOwner, HookSettings } from './hooks-port.ts';
import { connectStandIn, STAND_IN_TOKEN as TOKEN } from './stand-in-connection.suite.ts';

const PROJECT = ADMIN_PROJECT.id as ProjectId;
const owner: HookOwner = { kind: 'project', project: PROJECT };
const settings: HookSettings = {
  url: 'https://sideband.example/hooks/main/projects/7',
  token: 'token',
  signingToken: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  description: 'made with 0123abcd',
};

describeAdmin('the adapter before a GitLab stand-in: onboarding', async (): Promise<AdminSubject> => {
  const standIn = await startGitLab({ token: TOKEN });
  standIn.createGroup(ADMIN_GROUP);
  standIn.createProject(ADMIN_PROJECT);
  const { admin, close } = connectStandIn(standIn);
  return {
    admin,
    clock: systemClock,
    secretsOf(_, id) {
      const { token = '', signingToken = '' } = standIn.hook(id);
      return { token, signingToken };
    },
    async stop() {
      await close();
      await standIn.stop();
    },
  };
});

test.each([
  ['16.0.0', { hasToken: undefined, hasSigningToken: undefined, description: undefined }],
  ['17.5.0-ee', { hasToken: undefined, hasSigningToken: undefined, description: settings.description }],
  ['18.11.0', { hasToken: undefined, hasSigningToken: undefined, description: settings.description }],
])('a GitLab %s keeps no signing token, and does not say what it keeps', async (version, expected) => {
  const standIn = await startGitLab({ token: TOKEN, version });
  standIn.createProject(ADMIN_PROJECT);
  const { admin, close } = connectStandIn(standIn);
  const hook = await admin.addHook(owner, settings);
  expect(hook).toMatchObject({ events: ['job_events'], verifiesTls: true, state: 'enabled', ...expected });
  expect(standIn.hook(hook.id).token).toBe(settings.token);
  expect(standIn.hook(hook.id).signingToken).toBeUndefined();
  expect(await admin.deliveries(owner, hook.id)).toEqual(version.startsWith('16') ? undefined : []);
  await close();
  await standIn.stop();
});

test('a hook that fails is paused by GitLab, which is seen with its last deliveries', async () => {
  const standIn = await startGitLab({ token: TOKEN, autoDisable: true });
  standIn.createProject(ADMIN_PROJECT);
  const { admin, close } = connectStandIn(standIn);
  // The stand-in's own address takes no hooks, and lets in nobody without a token.
  const { id } = await admin.addHook(owner, { ...settings, url: `${standIn.url}/nowhere` });
  const hook = await until('the hook to be paused', async () => {
    standIn.createJob({ project: PROJECT, name: 'job' });
    await standIn.settled();
    const [found] = await admin.hooks(owner);
    return found?.state === 'paused' && found;
  });
  expect(hook.pausedUntil).toBeGreaterThan(Date.now());
  const deliveries = await admin.deliveries(owner, id);
  expect(deliveries?.length).toBeGreaterThanOrEqual(4);
  expect(new Set(deliveries?.map((delivery) => delivery.status))).toEqual(new Set(['401']));
  await close();
  await standIn.stop();
});

test('says when the token ends and what it may do; what it may not do is refused', async () => {
  const token = 'glpat-of-a-reporter';
  const tokens = [
    { token, name: 'for Sideband', scopes: ['read_api'], role: 'reporter', expiresAt: '2099-12-31' },
  ] as const;
  const standIn = await startGitLab({ token: TOKEN, tokens });
  standIn.createProject(ADMIN_PROJECT);
  const { admin, gitlab, close } = connectStandIn(standIn, () => token);
  expect(await admin.token()).toEqual({
    name: 'for Sideband',
    scopes: ['read_api'],
    expiresAt: Date.UTC(2099, 11, 31),
  });
  expect(await collect(gitlab.projects())).toEqual([PROJECT]);
  const refused = { code: 'GITLAB_REFUSED' };
  await expect(admin.hooks(owner)).rejects.toMatchObject(refused);
  await expect(admin.addHook(owner, settings)).rejects.toMatchObject(refused);
  await expect(admin.hooks({ kind: 'system' })).rejects.toMatchObject(refused);
  await close();
  await standIn.stop();
});
