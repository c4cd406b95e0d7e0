import { readHook } from '@sideband/collector/receive/read-hook';
import { ManualClock } from '@sideband/shared/clock';
import type { ProjectId } from '@sideband/shared/names';
import { expect, it } from 'vitest';
import { createHooks, type MadeHook, type Proof } from './make-hooks.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 22));

function make(proof: Proof, count: number): readonly MadeHook[] {
  const next = createHooks({ instance: 'gitlab', master: 'a-master-secret', clock, random: Math.random });
  return Array.from({ length: count }, () => next(proof));
}

it('makes hooks of jobs that ended, as Sideband reads them, each of another job', () => {
  const jobs = make('token', 300).map(({ path, body }) => {
    const project = Number(/^\/hooks\/gitlab\/projects\/(\d+)$/.exec(path)?.[1]) as ProjectId;
    const hook = readHook(Buffer.from(body), { kind: 'project', project });
    if (!hook.ok || hook.value.kind !== 'jobs') throw new Error(`It is no job's hook: ${body}`);
    expect(hook.value).toMatchObject({ project, jobs: [{ status: 'ended', details: { name: 'build' } }] });
    return hook.value.jobs[0]?.job;
  });
  expect(new Set(jobs).size).toBe(300);
});

it('gives them the size of a real one, an id each, and a signature where it is asked for', () => {
  const [hook] = make('token', 1);
  expect(Buffer.byteLength(hook?.body ?? '')).toBeGreaterThanOrEqual(4_990);
  expect(Buffer.byteLength(hook?.body ?? '')).toBeLessThanOrEqual(5_010);
  expect(Object.keys(hook?.headers ?? {})).toEqual(
    expect.arrayContaining(['X-Gitlab-Token', 'Idempotency-Key']),
  );
  expect(hook?.headers).not.toHaveProperty('webhook-signature');

  const signed = make('token and signature', 200);
  expect(signed.every(({ headers }) => 'X-Gitlab-Token' in headers && 'webhook-signature' in headers)).toBe(
    true,
  );
  expect(new Set(signed.map(({ headers }) => headers['webhook-id'])).size).toBe(200);
});
