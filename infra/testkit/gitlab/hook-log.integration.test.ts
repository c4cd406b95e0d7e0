import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HookFixture, PROJECT, SIGNING, startHookFixture } from './hook-fixture.suite.ts';
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

describe('a hook that fails', () => {
  it('is sent on and on where GitLab does not disable hooks', async () => {
    const id = on.register(PROJECT, 'failing');
    on.receiver.answerWith(500);
    for (let count = 0; count < 6; count += 1) await on.createJob();
    expect([on.gitlab.hookCounts().answered, on.gitlab.hookCounts().withheld]).toEqual([{ 500: 6 }, 0]);
    expect(await on.show(`/projects/42/hooks/${id}`)).toMatchObject({ alert_status: 'executable' });
  });

  it('is paused after four failures, misses what happens then, and is tried again after it', async () => {
    await restart({ autoDisable: true });
    const id = on.register(PROJECT, 'failing');
    on.receiver.answerWith(500);
    for (let count = 0; count < 6; count += 1) await on.createJob();
    expect(on.gitlab.hookCounts()).toMatchObject({ sent: 4, withheld: 2 });
    expect(await on.show(`/projects/42/hooks/${id}`)).toMatchObject({
      alert_status: 'temporarily_disabled',
      disabled_until: '2026-11-21T10:01:00.500Z',
    });
    on.clock.advance(60_001);
    on.receiver.answerWith(202);
    await on.createJob();
    expect(on.gitlab.hookCounts().answered).toEqual({ 500: 4, 202: 1 });
    expect(await on.show(`/projects/42/hooks/${id}`)).toMatchObject({
      alert_status: 'executable',
      disabled_until: null,
    });
  });

  it('of an old version is disabled for good by four answers of 4xx, until a test succeeds', async () => {
    await restart({ autoDisable: true, version: '17.5.0-ee' });
    const id = on.register(PROJECT, 'failing');
    on.receiver.answerWith(404);
    for (let count = 0; count < 4; count += 1) await on.createJob();
    on.clock.advance(86_400_000 * 7);
    expect(await on.show(`/projects/42/hooks/${id}`)).toMatchObject({ alert_status: 'disabled' });
    expect((await on.post(`/projects/42/hooks/${id}/test/job_events`)).status).toBe(422);
    on.receiver.answerWith(200);
    expect((await on.post(`/projects/42/hooks/${id}/test/job_events`)).status).toBe(201);
    expect(await on.show(`/projects/42/hooks/${id}`)).toMatchObject({ alert_status: 'executable' });
  });

  it('is never disabled where it is the system’s', async () => {
    await restart({ autoDisable: true });
    const id = on.register({ kind: 'system' }, 'system');
    on.receiver.answerWith(400);
    for (let project = 100; project < 106; project += 1)
      on.gitlab.createProject({ path: `group/p${project}` });
    await on.gitlab.settled();
    expect(await on.show(`/hooks/${id}`)).toMatchObject({ alert_status: 'executable' });
    expect(on.gitlab.hookCounts().withheld).toBe(0);
  });
});

describe('the log of a hook', () => {
  it('has the newest deliveries first, without secrets', async () => {
    const id = on.register(PROJECT, 'logged', { token: 'hidden' });
    await on.createJob();
    on.receiver.answerWith(503);
    await on.createJob();
    await on.receiver.stop();
    await on.createJob();
    const log = (await on.show(`/projects/42/hooks/${id}/events`)) as Record<string, unknown>[];
    expect(log.map((entry) => entry['response_status'])).toEqual(['internal error', '503', '200']);
    expect(log[2]).toMatchObject({
      trigger: 'job_hooks',
      request_headers: { 'X-Gitlab-Token': '[REDACTED]', 'X-Gitlab-Event': 'Job Hook' },
      request_data: { object_kind: 'build' },
      created_at: '2026-11-21T10:00:00.500Z',
    });
  });

  it('lets a delivery be sent again, under its id and at its new time', async () => {
    const id = on.register(PROJECT, 'again', { signingToken: SIGNING });
    await on.createJob();
    on.clock.advance(3_600_000);
    const [entry] = (await on.show(`/projects/42/hooks/${id}/events`)) as { id: number }[];
    const response = await on.post(`/projects/42/hooks/${id}/events/${entry?.id}/resend`);
    expect([response.status, await response.json()]).toEqual([201, { response_status: 200 }]);
    on.gitlab.resendHooks();
    await on.gitlab.settled();
    const [first, second, third] = on.receiver.received.map(({ headers }) => headers);
    expect(new Set(on.receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(on.receiver.received.map(({ raw }) => raw)).size).toBe(1);
    const times = [first, second, third].map((headers) => Number(headers?.['webhook-timestamp']));
    expect(times).toEqual([times[0], (times[0] ?? 0) + 3_600, (times[0] ?? 0) + 3_600]);
  });
});
