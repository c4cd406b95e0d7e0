import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { createMemoryAdmin } from '../gitlab/memory-admin.ts';
import { createOnboarder } from './project-events.ts';

const instance = 'gitlab.example' as InstanceName;
const project = 42 as ProjectId;
const CONTEXT = { jobId: 'test', attempt: 1 };
const target = { instance, publicUrl: 'https://sideband.example', master: 'a-master-of-16-letters' };

function fixture(isReachable = true) {
  const admin = createMemoryAdmin({ instance, clock: new ManualClock(0), projects: { 'group/app': 42 } });
  const forgotten: number[] = [];
  const onboarder = createOnboarder({
    admins: new Map([[instance, admin]]),
    targetOf: () => (isReachable ? target : undefined),
    ledger: { forgetProject: async (_, id) => void forgotten.push(id) },
    log: silentLog(),
  });
  const created = (id: number = project) =>
    onboarder['project-created']({ instance, project: id }, CONTEXT).then(({ outcome }) => outcome);
  const destroyed = (id: number = project) =>
    onboarder['project-destroyed']({ instance, project: id }, CONTEXT).then(({ outcome }) => outcome);
  return { admin, forgotten, onboarder, created, destroyed };
}

test('a new project gets its hook, once', async () => {
  const { admin, created } = fixture();
  expect(await created()).toBe('installed');
  expect(await created()).toBe('kept');
  expect(await admin.hooks({ kind: 'project', project })).toHaveLength(1);
});

test('what stands in the way is an outcome, and only an absent GitLab is tried again', async () => {
  expect(await fixture(false).created()).toBe('no-public-url');
  const { admin, created } = fixture();
  expect(await created(43)).toBe('gone');
  admin.fail('hooks', new SidebandError('GITLAB_REFUSED'));
  expect(await created()).toBe('refused');
  admin.fail('hooks', new SidebandError('GITLAB_UNAVAILABLE'));
  await expect(created()).rejects.toMatchObject({ code: 'GITLAB_UNAVAILABLE' });
});

test('a project of which GitLab answers with an error is tried again', async () => {
  const { admin, created } = fixture();
  admin.fail('hooks', new SidebandError('GITLAB_UNAVAILABLE', { status: 500 }));
  await expect(created()).rejects.toMatchObject({ code: 'GITLAB_UNAVAILABLE' });
});

test('of a project that is gone nothing is remembered', async () => {
  const { forgotten, destroyed } = fixture();
  expect(await destroyed(43)).toBe('forgotten');
  expect(forgotten).toEqual([43]);
});

test('nothing is forgotten of a project that GitLab still knows, or of which it does not answer', async () => {
  const { admin, forgotten, destroyed } = fixture();
  expect(await destroyed()).toBe('still-there');
  for (const code of ['GITLAB_UNAVAILABLE', 'GITLAB_REFUSED'] as const) {
    admin.fail('projectId', new SidebandError(code));
    await expect(destroyed()).rejects.toMatchObject({ code });
  }
  expect(forgotten).toEqual([]);
});

test.each([
  { instance: 'Not A Name', project: 42 },
  { instance, project: -1 },
  { instance: 'other.example', project: 42 },
])('%j can never succeed', async (payload) => {
  const { onboarder, forgotten } = fixture();
  for (const name of ['project-created', 'project-destroyed'] as const) {
    await expect(onboarder[name](payload, CONTEXT)).rejects.toMatchObject({ code: 'JOB_INVALID' });
  }
  expect(forgotten).toEqual([]);
});
