import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName, JobId, ProjectId, RunnerId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { collect, describeGitLab, type GitLabSubject, SUITE_PROJECTS, SUITE_START } from './gitlab.suite.ts';
import { describeGitLabRunners } from './gitlab-runners.suite.ts';
import { createMemoryGitLab, type MemoryJob } from './memory-gitlab.ts';

const instance = 'memory' as InstanceName;
const PROJECT = 1 as ProjectId;
const JOB = 2 as JobId;
const RUNNER = 3 as RunnerId;
const COMMIT = 'a'.repeat(40);
const CHUNK_BYTES = 16_384;

async function start(): Promise<GitLabSubject> {
  const clock = new ManualClock(SUITE_START);
  const gitlab = createMemoryGitLab({ instance, projects: SUITE_PROJECTS });
  const made = new Map<JobId, MemoryJob>();
  function change(id: JobId, changes: Partial<MemoryJob>): void {
    const job = made.get(id);
    if (job === undefined) throw new Error(`job ${id} was never made`);
    const changed = { ...job, ...changes };
    made.set(id, changed);
    gitlab.put(changed);
  }
  return {
    gitlab,
    clock,
    createJob(project, name) {
      const id = (1_000 + made.size) as JobId;
      made.set(id, { project, id, status: 'created', commit: COMMIT, ref: 'main', pipelineSource: 'push' });
      change(id, { name, createdAt: clock.now() });
      return id;
    },
    run: (id, runner, systemId) =>
      change(id, { status: 'running', startedAt: clock.now(), runner, systemId }),
    end: (id, status) => change(id, { status, finishedAt: clock.now() }),
    setTrace(id, text, paddingBytes) {
      const chunks = [Buffer.from(text)];
      for (let left = paddingBytes; left > 0; left -= CHUNK_BYTES) {
        chunks.push(Buffer.alloc(Math.min(left, CHUNK_BYTES)));
      }
      gitlab.setTrace(SUITE_PROJECTS[0] ?? PROJECT, id, chunks);
    },
    traceBytes: () => gitlab.bytesRead(),
    createRunner: (runner, managers) => gitlab.putRunner(runner, managers),
    setConfiguration: (project, commit, yaml) => gitlab.setConfiguration(project, commit, { yaml }),
    stop: async () => {},
  };
}

describeGitLab('the in-memory GitLab', start);
describeGitLabRunners('the in-memory GitLab’s runners and configurations', start);

test('fails as it is told, counts every call, and goes on when told otherwise', async () => {
  const gitlab = createMemoryGitLab({ instance });
  gitlab.put({ project: PROJECT, id: JOB, status: 'running' });
  const limited = new SidebandError('GITLAB_RATE_LIMITED', {}, { retryAfterMs: 1_000 });

  gitlab.fail('job', limited);
  await expect(gitlab.job(PROJECT, JOB)).rejects.toBe(limited);
  gitlab.fail('job', undefined);
  expect(await gitlab.job(PROJECT, JOB)).toMatchObject({ status: 'running', phase: 'running' });
  expect(gitlab.calls('job')).toBe(2);
  expect(gitlab.calls('trace')).toBe(0);
});

test('counts the bytes of a trace as they are read', async () => {
  const gitlab = createMemoryGitLab({ instance });
  gitlab.put({ project: PROJECT, id: JOB, status: 'success' });
  gitlab.setTrace(PROJECT, JOB, [Buffer.alloc(10), Buffer.alloc(20), Buffer.alloc(30)]);
  let chunks = 0;
  for await (const _ of gitlab.trace(PROJECT, JOB)) {
    chunks += 1;
    if (chunks === 2) break;
  }
  expect(gitlab.bytesRead()).toBe(30);
});

test('keeps a runner from the token where it is told to', async () => {
  const gitlab = createMemoryGitLab({ instance });
  gitlab.putRunner(RUNNER, 'hidden');
  const refused = { code: 'GITLAB_REFUSED' };
  expect(await collect(gitlab.runners())).toEqual([RUNNER]);
  await expect(gitlab.managers(RUNNER)).rejects.toMatchObject(refused);
  await expect(collect(gitlab.runnerJobs(RUNNER, 'any'))).rejects.toMatchObject(refused);
});
