import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { ADMIN_GROUP, ADMIN_PROJECT, describeAdmin } from './admin.suite.ts';
import type { HookOwner, HookSettings } from './hooks-port.ts';
import { createMemoryAdmin } from './memory-admin.ts';

const instance = 'memory' as InstanceName;
const projects = { [ADMIN_PROJECT.path]: ADMIN_PROJECT.id };
const groups = { [ADMIN_GROUP.path]: ADMIN_GROUP.id };
const ofProject: HookOwner = { kind: 'project', project: ADMIN_PROJECT.id as ProjectId };
const ofGroup: HookOwner = { kind: 'group', group: ADMIN_GROUP.id as GroupId };
const settings: HookSettings = {
  url: 'https://sideband.example/hooks/main/projects/7',
  token: 'token',
  signingToken: 'whsec_x',
  description: 'made with 0123abcd',
};

describeAdmin('the in-memory GitLab’s onboarding', async () => {
  const clock = new ManualClock(Date.UTC(2026, 2, 1, 12, 0, 0, 250));
  const admin = createMemoryAdmin({ instance, clock, projects, groups });
  return { admin, clock, secretsOf: admin.secretsOf, stop: async () => {} };
});

test('an old one does not say which secrets a hook has, knows no project events and keeps no log', async () => {
  const admin = createMemoryAdmin({ instance, projects, groups, version: '16.4.0-ee' });
  const hook = await admin.addHook(ofGroup, settings);
  expect(hook).toMatchObject({ events: ['job_events'], hasToken: undefined, hasSigningToken: undefined });
  expect(hook.description).toBeUndefined();
  expect(await admin.deliveries(ofGroup, hook.id)).toBeUndefined();
});

test('a hook that GitLab disabled stays so when it is changed', async () => {
  const admin = createMemoryAdmin({ instance, projects });
  const { id } = await admin.addHook(ofProject, settings);
  admin.alterHook(ofProject, id, { state: 'disabled', events: ['push_events'], verifiesTls: false });
  expect(await admin.changeHook(ofProject, id, settings)).toMatchObject({
    state: 'disabled',
    events: ['job_events'],
    verifiesTls: true,
  });
});

test('a hook has the log that it is given', async () => {
  const admin = createMemoryAdmin({ instance, projects });
  const { id } = await admin.addHook(ofProject, settings);
  const deliveries = [{ at: undefined, status: '401' }];
  admin.setDeliveries(ofProject, id, deliveries);
  expect(await admin.deliveries(ofProject, id)).toEqual(deliveries);
});

test('refuses what it is told to refuse, and counts every call', async () => {
  const admin = createMemoryAdmin({ instance, projects, token: 'unknown' });
  const refused = new SidebandError('GITLAB_REFUSED', { status: 403 });
  admin.fail('hooks', refused);
  await expect(admin.hooks(ofProject)).rejects.toBe(refused);
  admin.fail('hooks', undefined);
  expect(await admin.hooks(ofProject)).toEqual([]);
  expect(admin.calls('hooks')).toBe(2);
  await expect(admin.token()).rejects.toMatchObject({ code: 'GITLAB_NOT_FOUND' });
});
