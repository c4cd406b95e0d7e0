import { ManualClock } from '@sideband/shared/clock';
import type { JobId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HookReceiver, startHookReceiver } from './hook-receiver.ts';
import type { HookOptions } from './hook-target.ts';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

let clock: ManualClock;
let receiver: HookReceiver;
let gitlab: GitLabStandIn | undefined;

beforeEach(async () => {
  clock = new ManualClock(Date.parse('2026-11-21T10:00:00.500Z'));
  receiver = await startHookReceiver();
});

afterEach(async () => {
  await gitlab?.stop();
  await receiver.stop();
});

async function start(hook: Partial<HookOptions> = {}, seed = 1): Promise<GitLabStandIn> {
  gitlab = await startGitLab({
    clock,
    token: 'secret',
    random: sequence(seed),
    hook: { url: receiver.url, secret: 'hook-secret', delayMs: { min: 0, max: 0 }, ...hook },
  });
  gitlab.createProject({ id: 42, path: 'group/app' });
  return gitlab;
}

/** A linear congruential generator: the same seed, the same run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function runJob(on: GitLabStandIn): JobId {
  const job = on.createJob({ project: 42, name: 'test' });
  on.pending(job);
  on.running(job, { systemId: 's_0123456789ab', runnerId: 7 });
  on.finish(job, 'failed');
  return job;
}

describe('a job’s life', () => {
  it('is told in four hooks with GitLab’s headers and fields', async () => {
    const on = await start();
    const job = runJob(on);
    await on.settled();
    const byStatus = new Map(receiver.received.map((it) => [it.body['build_status'], it]));
    expect([...byStatus.keys()].sort()).toEqual(['created', 'failed', 'pending', 'running']);
    expect(byStatus.get('failed')?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'GitLab/19.3.0-ee',
      'idempotency-key': expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      'x-gitlab-event': 'Job Hook',
      'x-gitlab-webhook-uuid': expect.any(String),
      'x-gitlab-event-uuid': expect.any(String),
      'x-gitlab-instance': on.url,
      'x-gitlab-token': 'hook-secret',
    });
    expect(byStatus.get('failed')?.body).toMatchObject({
      object_kind: 'build',
      build_id: job,
      build_name: 'test',
      build_finished_at: '2026-11-21T10:00:00.500Z',
      build_finished_at_iso: '2026-11-21T10:00:00Z',
      build_duration: 0,
      build_failure_reason: 'script_failure',
      retries_count: 0,
      runner: { id: 7, is_shared: true },
      project_id: 42,
      project: { id: 42, path_with_namespace: 'group/app' },
      environment: null,
    });
    expect(byStatus.get('created')?.body).toMatchObject({ runner: null, build_started_at: null });
    expect(JSON.stringify(receiver.received.map(({ body }) => body))).not.toMatch(/s_0123456789ab|"image"/);
    expect(on.hookCounts()).toEqual({
      sent: 4,
      duplicated: 0,
      lost: 0,
      answered: { 200: 4 },
      unanswered: 0,
      withheld: 0,
    });
  });

  it('names each project’s own secret', async () => {
    const on = await start({ secret: (project) => `secret-${project}` });
    on.createJob({ project: 42, name: 'test' });
    await on.settled();
    expect(receiver.received[0]?.headers['x-gitlab-token']).toBe('secret-42');
  });
});

describe('deliveries', () => {
  it('overtake each other when they are delayed', async () => {
    const on = await start({ delayMs: { min: 0, max: 40 } });
    const jobs = Array.from({ length: 20 }, () => on.createJob({ project: 42, name: 'test' }));
    await on.settled();
    const arrived = receiver.received.map(({ body }) => body['build_id']);
    expect(arrived).not.toEqual(jobs);
    expect([...arrived].sort()).toEqual(jobs);
  });

  it('are sometimes made twice, under the same key', async () => {
    const on = await start({ duplicateShare: 0.5 });
    for (let count = 0; count < 40; count += 1) on.createJob({ project: 42, name: 'test' });
    await on.settled();
    const { duplicated, sent } = on.hookCounts();
    expect(duplicated).toBeGreaterThan(5);
    expect(duplicated).toBeLessThan(35);
    expect(sent).toBe(40 + duplicated);
    const keys = receiver.received.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(40);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-gitlab-webhook-uuid'])).size).toBe(sent);
  });

  it('are sometimes lost, and counted', async () => {
    const on = await start({ loseShare: 0.5 });
    for (let count = 0; count < 40; count += 1) on.createJob({ project: 42, name: 'test' });
    await on.settled();
    const { lost, sent } = on.hookCounts();
    expect(lost).toBeGreaterThan(5);
    expect([sent, receiver.received.length]).toEqual([40 - lost, 40 - lost]);
  });

  it('can be held back for hours and come in any order then', async () => {
    const on = await start({ signingToken: `whsec_${Buffer.alloc(32).toString('base64')}` });
    on.holdHooks();
    runJob(on);
    await on.settled();
    expect(receiver.received).toEqual([]);
    clock.advance(7_200_000);
    await on.releaseHooks('backwards');
    expect(receiver.received.map(({ body }) => body['build_status'])).toEqual([
      'failed',
      'running',
      'pending',
      'created',
    ]);
    // GitLab makes the headers when it sends, the body when it happens.
    expect(receiver.received[0]?.headers['webhook-timestamp']).toBe(String(Math.floor(clock.now() / 1_000)));
    expect(receiver.received[0]?.body['build_finished_at']).toBe('2026-11-21T10:00:00.500Z');
    on.createJob({ project: 42, name: 'test' });
    await on.settled();
    expect(receiver.received).toHaveLength(5);
  });

  it('are not repeated after a failure', async () => {
    const on = await start();
    receiver.answerWith(503);
    on.createJob({ project: 42, name: 'test' });
    await on.settled();
    await receiver.stop();
    on.createJob({ project: 42, name: 'test' });
    await on.settled();
    expect(on.hookCounts()).toEqual({
      sent: 2,
      duplicated: 0,
      lost: 0,
      answered: { 503: 1 },
      unanswered: 1,
      withheld: 0,
    });
    expect(receiver.received).toHaveLength(1);
  });

  it('are the same again for the same random numbers', async () => {
    const options = { duplicateShare: 0.3, loseShare: 0.3 };
    const first = await start(options, 7);
    for (let count = 0; count < 20; count += 1) first.createJob({ project: 42, name: 'test' });
    await first.settled();
    await first.stop();
    const keys = receiver.received.map(({ headers }) => headers['idempotency-key']).sort();
    receiver.received.length = 0;
    const second = await start(options, 7);
    for (let count = 0; count < 20; count += 1) second.createJob({ project: 42, name: 'test' });
    await second.settled();
    expect(receiver.received.map(({ headers }) => headers['idempotency-key']).sort()).toEqual(keys);
  });

  it('go where they are pointed, or nowhere', async () => {
    const on = await start();
    on.pointHookAt(undefined);
    on.createJob({ project: 42, name: 'test' });
    await on.settled();
    expect(receiver.received).toHaveLength(0);
    on.pointHookAt({ url: receiver.url, secret: 'new' });
    on.createJob({ project: 42, name: 'test' });
    await on.settled();
    expect(receiver.received[0]?.headers['x-gitlab-token']).toBe('new');
  });
});
