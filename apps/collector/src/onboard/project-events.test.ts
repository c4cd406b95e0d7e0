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
  return { admin, forgotten, onboarder, created };
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

test('of a project that is gone nothing is remembered', async () => {
  const { forgotten, onboarder } = fixture();
  await onboarder['project-destroyed']({ instance, project }, CONTEXT);
  expect(forgotten).toEqual([42]);
});

test.each([
  { instance: 'Not A Name', project: 42 },
  { instance, project: -1 },
  { instance: 'other.example', project: 42 },
])('%j can never succeed', async (payload) => {
  await expect(fixture().onboarder['project-created'](payload, CONTEXT)).rejects.toMatchObject({
    code: 'JOB_INVALID',
  });
});
