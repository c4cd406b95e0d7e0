import type { ManualClock } from '@sideband/shared/clock';
import type { JobId, ProjectId, RunnerId, SystemId } from '@sideband/shared/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GitLab } from './port.ts';

/** A GitLab with three projects and nothing in them, and the hands to put something in. */
export interface GitLabSubject {
  readonly gitlab: GitLab;
  readonly clock: ManualClock;
  /** The project's jobs are made at the clock's time, for the branch `main`; ids rise. */
  createJob(project: ProjectId, name: string): JobId;
  /** A manager of the runner takes it. */
  run(job: JobId, runner: RunnerId, manager: SystemId): void;
  end(job: JobId, status: 'success' | 'failed' | 'canceled'): void;
  /** The text, and after it so many bytes more. */
  setTrace(job: JobId, text: string, paddingBytes: number): void;
  /** Bytes of traces that left GitLab so far. */
  traceBytes(): number;
  /** A runner of the instance, of which so many managers were heard. */
  createRunner(runner: RunnerId, managers: readonly SystemId[]): void;
  /** The merged CI configuration at a commit; undefined is an invalid one. */
  setConfiguration(project: ProjectId, commit: string, yaml: string | undefined): void;
  stop(): Promise<void>;
}

/** What projects the subject has; listed by id whatever the order they were made in. */
export const SUITE_PROJECTS = [7, 3, 12] as readonly number[] as readonly ProjectId[];
export const SUITE_START = Date.UTC(2026, 2, 1, 12);

const [SEVEN, THREE, TWELVE] = [7, 3, 12] as unknown as [ProjectId, ProjectId, ProjectId];
export const MANAGER = 's_0123456789ab' as SystemId;
/** An id that nothing has. */
export const NOWHERE = 404_404;
const RUNNER = 5 as RunnerId;
const SHA = /^[0-9a-f]{40}$/;

/** What every GitLab must do, the adapter with a server behind it and the in-memory twin alike. */
export function describeGitLab(name: string, start: () => Promise<GitLabSubject>): void {
  describe(name, () => {
    let subject: GitLabSubject;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(async () => {
      await subject.stop();
    });

    test('lists the projects by id', async () => {
      expect(await collect(subject.gitlab.projects())).toEqual([THREE, SEVEN, TWELVE]);
    });

    test('says what a job is while it waits, runs and has ended', async () => {
      const { gitlab, clock } = subject;
      const id = subject.createJob(SEVEN, 'rspec [1/3]');
      const waiting = {
        project: SEVEN,
        id,
        name: 'rspec [1/3]',
        status: 'created',
        phase: 'waiting',
        createdAt: clock.now(),
        startedAt: undefined,
        finishedAt: undefined,
        runner: undefined,
        systemId: undefined,
        commit: expect.stringMatching(SHA),
        ref: 'main',
        pipelineSource: 'push',
      };
      expect(await gitlab.job(SEVEN, id)).toEqual(waiting);

      clock.advance(60_250);
      subject.run(id, RUNNER, MANAGER);
      const running = {
        ...waiting,
        status: 'running',
        phase: 'running',
        startedAt: clock.now(),
        runner: RUNNER,
        systemId: MANAGER,
      };
      expect(await gitlab.job(SEVEN, id)).toEqual(running);

      clock.advance(90_500);
      subject.end(id, 'failed');
      const ended = { ...running, status: 'failed', phase: 'ended', finishedAt: clock.now() };
      expect(await gitlab.job(SEVEN, id)).toEqual(ended);
    });

    test('lists jobs newest first over all pages: all, those that are open, those that run', async () => {
      const { gitlab } = subject;
      const ids = Array.from({ length: 230 }, (_, index) => subject.createJob(THREE, `job ${index}`));
      const [first, second, third] = ids as [JobId, JobId, JobId];
      for (const id of [first, second, third]) subject.run(id, RUNNER, MANAGER);
      subject.end(second, 'success');

      const all = await collect(gitlab.jobs(THREE, 'any'));
      expect(all.map((job) => job.id)).toEqual(ids.toReversed());
      const open = await collect(gitlab.jobs(THREE, 'open'));
      expect(open.map((job) => job.id)).toEqual(ids.filter((id) => id !== second).toReversed());
      const running = await collect(gitlab.jobs(THREE, 'running'));
      expect(running.map((job) => [job.id, job.phase, job.runner, job.systemId])).toEqual([
        [third, 'running', RUNNER, MANAGER],
        [first, 'running', RUNNER, MANAGER],
      ]);
    });

    test('lists nothing for a project without jobs', async () => {
      expect(await collect(subject.gitlab.jobs(TWELVE, 'any'))).toEqual([]);
    });

    test('hands out a trace from its first byte', async () => {
      const id = subject.createJob(SEVEN, 'with a trace');
      subject.run(id, RUNNER, MANAGER);
      subject.setTrace(id, 'Running with gitlab-runner 19.3.0 – ✓\r\nnext', 40_000);
      const trace = Buffer.concat(await collect(subject.gitlab.trace(SEVEN, id)));
      expect(trace.toString()).toMatch(/^Running with gitlab-runner 19\.3\.0 – ✓\r\nnext/);
      expect(trace.byteLength).toBe(
        Buffer.byteLength('Running with gitlab-runner 19.3.0 – ✓\r\nnext') + 40_000,
      );
    });

    test('has an empty trace for a job that wrote none', async () => {
      const id = subject.createJob(SEVEN, 'silent');
      expect(await collect(subject.gitlab.trace(SEVEN, id))).toEqual([]);
    });

    test('stops sending a trace when nobody reads on', async () => {
      const id = subject.createJob(SEVEN, 'chatty');
      subject.run(id, RUNNER, MANAGER);
      subject.setTrace(id, 'the head', 64_000_000);
      const before = subject.traceBytes();
      for await (const chunk of subject.gitlab.trace(SEVEN, id)) {
        expect(Buffer.from(chunk).toString()).toMatch(/^the head/);
        break;
      }
      // Sockets and streams hold some of it, hardly a few hundred kilobytes.
      expect(subject.traceBytes() - before).toBeLessThan(4_000_000);
    });

    test('says so when GitLab does not know a project or a job', async () => {
      const { gitlab } = subject;
      const project = NOWHERE as ProjectId;
      const job = NOWHERE as JobId;
      const notFound = { code: 'GITLAB_NOT_FOUND' };
      await expect(gitlab.job(SEVEN, job)).rejects.toMatchObject(notFound);
      await expect(gitlab.job(project, job)).rejects.toMatchObject(notFound);
      await expect(collect(gitlab.jobs(project, 'any'))).rejects.toMatchObject(notFound);
      await expect(collect(gitlab.trace(SEVEN, job))).rejects.toMatchObject(notFound);
    });

    test('does not find a job under another project', async () => {
      const id = subject.createJob(SEVEN, 'of seven');
      await expect(subject.gitlab.job(TWELVE, id)).rejects.toMatchObject({ code: 'GITLAB_NOT_FOUND' });
    });
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
