import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  GROUP,
  type HookFixture,
  KEY,
  PROJECT,
  SIGNING,
  START,
  startHookFixture,
} from './hook-fixture.suite.ts';
import type { GitLabOptions } from './stand-in.ts';

let on: HookFixture;

beforeEach(async () => {
  on = await startHookFixture();
});

afterEach(() => on.stop());

async function restart(options: Partial<GitLabOptions>): Promise<void> {
  await on.stop();
  on = await startHookFixture(options);
}

describe('a job’s hook', () => {
  it('goes to its project’s and its groups’ hooks that want job events, each with its own token', async () => {
    on.gitlab.createProject({ id: 43, path: 'elsewhere/app' });
    on.register(PROJECT, 'project', { token: 'of-project' });
    on.register(GROUP, 'group', { token: 'of-group' });
    on.register(PROJECT, 'deaf', { events: { job_events: false } });
    on.register({ kind: 'project', project: 43 }, 'other');
    on.register({ kind: 'system' }, 'system');
    await on.createJob();
    expect(on.paths()).toEqual(['/hooks/group', '/hooks/project']);
    const tokens = on.receiver.received.map(({ headers }) => headers['x-gitlab-token']).sort();
    expect(tokens).toEqual(['of-group', 'of-project']);
    expect(on.receiver.received[0]?.headers['x-gitlab-event']).toBe('Job Hook');
  });

  it('is signed over its id, its time and its raw body', async () => {
    on.register(PROJECT, 'signed', { signingToken: SIGNING });
    await on.createJob();
    const { headers, raw } = on.only();
    const signed = `${headers['webhook-id']}.${START / 1_000 - 0.5}.${raw}`;
    expect(headers).toMatchObject({
      'webhook-id': headers['idempotency-key'],
      'webhook-timestamp': String(START / 1_000 - 0.5),
      'webhook-signature': `v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`,
    });
    expect(headers['x-gitlab-token']).toBeUndefined();
  });

  it('of the hook pointed at can go to each project’s own address, and be signed', async () => {
    on.gitlab.pointHookAt({
      url: (project) => `${on.receiver.url}/${project}`,
      signingToken: () => SIGNING,
      delayMs: { min: 0, max: 0 },
    });
    await on.createJob();
    expect(on.paths()).toEqual(['/hooks/42']);
    expect(on.receiver.received[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  });

  it('can have any body its maintainer wants, or none that is JSON', async () => {
    const id = on.register(PROJECT, 'forged');
    on.gitlab.setTemplate(id, '{"object_kind": "build", "project_id": 1, "build_id": {{build_id}}}');
    await on.createJob();
    expect(on.receiver.received[0]?.body).toEqual({ object_kind: 'build', project_id: 1, build_id: 10_000 });
    on.gitlab.setTemplate(id, '{{build_name}}');
    await on.createJob();
    expect(on.receiver.received).toHaveLength(1);
    expect(on.gitlab.hook(id).log.at(-1)?.responseStatus).toBe('internal error');
  });

  it('has the headers and times of its version', async () => {
    await restart({ version: '16.1.0-ee' });
    on.register(PROJECT, 'old', { signingToken: SIGNING });
    await on.createJob();
    const { headers, body } = on.only();
    expect(headers['user-agent']).toBe('GitLab/16.1.0-ee');
    expect(Object.keys(headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^webhook-|idempotency|webhook-uuid/)]),
    );
    expect(body['build_created_at']).toBe('2026-11-21 10:00:00 UTC');
    expect(body).not.toHaveProperty('build_created_at_iso');
  });
});

describe('a pipeline', () => {
  it('is told in one message to those who want it, beside its jobs', async () => {
    on.register(PROJECT, 'pipelines', { events: { pipeline_events: true } });
    const { pipeline, jobs } = on.gitlab.createPipeline({
      project: 42,
      jobs: [{ name: 'build', stage: 'build' }, { name: 'test: [a, b]' }, { name: 'deploy', when: 'manual' }],
    });
    await on.gitlab.settled();
    expect(on.receiver.received).toHaveLength(1);
    expect(on.receiver.received[0]?.headers['x-gitlab-event']).toBe('Pipeline Hook');
    expect(on.receiver.received[0]?.body).toMatchObject({
      object_kind: 'pipeline',
      object_attributes: { id: pipeline, status: 'created', created_at: '2026-11-21 10:00:00 UTC' },
      project: { id: 42 },
      builds: [
        { id: jobs[0], name: 'build', status: 'created', started_at: null, runner: null },
        { id: jobs[1], name: 'test: [a, b]' },
        { id: jobs[2], status: 'manual', manual: true },
      ],
    });
    for (const job of jobs.slice(0, 1)) {
      on.gitlab.pending(job);
      on.gitlab.running(job, { systemId: 's_0123456789ab' });
    }
    on.gitlab.sendPipelineHook(pipeline);
    await on.gitlab.settled();
    expect(on.receiver.received[1]?.body).toMatchObject({ object_attributes: { status: 'running' } });
  });
});

describe('projects that come, move and go', () => {
  it('are told to system hooks in full, and to their groups’ when they come and go', async () => {
    on.register({ kind: 'system' }, 'system');
    on.register(GROUP, 'group', { events: { project_events: true } });
    on.gitlab.createProject({ id: 50, path: 'group/new' });
    on.gitlab.renameProject(50, 'renamed');
    on.gitlab.transferProject(50, 'away');
    on.gitlab.destroyProject(50);
    on.gitlab.destroyProject(42);
    await on.gitlab.settled();
    const told = (path: string): unknown[] =>
      on.receiver.received.filter((hook) => hook.path === path).map(({ body }) => body['event_name']);
    expect(told('/hooks/system').sort()).toEqual([
      'project_create',
      'project_destroy',
      'project_destroy',
      'project_rename',
      'project_transfer',
    ]);
    expect(told('/hooks/group').sort()).toEqual(['project_create', 'project_destroy']);
    const moved = on.receiver.received.find(({ body }) => body['event_name'] === 'project_transfer');
    expect(moved?.headers['x-gitlab-event']).toBe('System Hook');
    expect(moved?.body).toMatchObject({
      project_id: 50,
      path_with_namespace: 'away/renamed',
      old_path_with_namespace: 'group/renamed',
    });
    const ofGroup = on.receiver.received.find(({ path }) => path === '/hooks/group');
    expect(ofGroup?.headers['x-gitlab-event']).toBe('Project Hook');
  });

  it('take their jobs and hooks with them', async () => {
    const job = on.gitlab.createJob({ project: 42, name: 'test' });
    const hook = on.register(PROJECT, 'project');
    on.gitlab.destroyProject(42);
    expect(await on.show('/projects/42')).toEqual({ message: '404 Project Not Found' });
    expect(() => on.gitlab.jobRequest(job)).toThrow(`There is no job ${job}`);
    expect(() => on.gitlab.hook(hook)).toThrow(`There is no hook ${hook}`);
  });
});

it('a file hook gets every project’s jobs and the system’s events', async () => {
  const names: unknown[] = [];
  on.gitlab.onFileHook(async (payload) => {
    await Promise.resolve();
    names.push(payload['object_kind'] ?? payload['event_name']);
  });
  on.gitlab.createProject({ id: 43, path: 'elsewhere/app' });
  on.gitlab.createPipeline({ project: 43, jobs: [{ name: 'test' }] });
  await on.createJob();
  expect(names).toEqual(['project_create', 'build', 'pipeline', 'build']);
});
