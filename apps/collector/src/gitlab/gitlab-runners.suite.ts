import type { ProjectId, RunnerId, SystemId } from '@sideband/shared/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, type GitLabSubject, MANAGER, NOWHERE, SUITE_PROJECTS } from './gitlab.suite.ts';

const [SEVEN = 0 as ProjectId, THREE = 0 as ProjectId] = SUITE_PROJECTS;
const SHARED = 31 as RunnerId;
const BUSY = 32 as RunnerId;
const IDLE = 33 as RunnerId;
const OTHER_MANAGER = 'r_zyxwvutsrqpo' as SystemId;
const COMMIT = '0ff3ae198f8601a285adcf5c0fff204ee6fba5fd';
const BROKEN_COMMIT = 'b'.repeat(40);
const LOST_COMMIT = 'c'.repeat(40);
const YAML = '---\ndefault:\n  image: ruby:3.3\nrspec:\n  script:\n  - rspec\n';
const notFound = { code: 'GITLAB_NOT_FOUND' };

/** What every GitLab must say of runners and configurations, the adapter and the in-memory twin alike. */
export function describeGitLabRunners(name: string, start: () => Promise<GitLabSubject>): void {
  describe(name, () => {
    let subject: GitLabSubject;
    beforeAll(async () => {
      subject = await start();
      subject.createRunner(SHARED, [MANAGER, OTHER_MANAGER]);
      subject.createRunner(BUSY, [MANAGER]);
      subject.createRunner(IDLE, []);
    });
    afterAll(async () => {
      await subject.stop();
    });

    test('lists the runners and their managers', async () => {
      const { gitlab } = subject;
      const runners = await collect(gitlab.runners());
      expect(runners.toSorted()).toEqual([SHARED, BUSY, IDLE]);
      expect((await gitlab.managers(SHARED)).toSorted()).toEqual([OTHER_MANAGER, MANAGER]);
      expect(await gitlab.managers(BUSY)).toEqual([MANAGER]);
      expect(await gitlab.managers(IDLE)).toEqual([]);
    });

    test('lists a runner’s jobs newest first over all projects and pages, without runner and manager', async () => {
      const { gitlab } = subject;
      const ids = Array.from({ length: 110 }, (_, index) => {
        const id = subject.createJob(index % 2 === 0 ? SEVEN : THREE, `job ${index}`);
        subject.run(id, BUSY, MANAGER);
        return id;
      });
      const [first] = ids;
      const ended = ids.filter((id) => id !== first);
      for (const id of ended) subject.end(id, 'success');
      const waiting = subject.createJob(SEVEN, 'of nobody yet');

      const all = await collect(gitlab.runnerJobs(BUSY, 'any'));
      expect(all.map((job) => job.id)).toEqual(ids.toReversed());
      expect(all.map((job) => job.id)).not.toContain(waiting);
      expect(new Set(all.map((job) => job.project))).toEqual(new Set([SEVEN, THREE]));
      expect(all.every((job) => job.runner === undefined && job.systemId === undefined)).toBe(true);
      const running = await collect(gitlab.runnerJobs(BUSY, 'running'));
      expect(running).toEqual([all.at(-1)]);
      expect(running[0]).toMatchObject({ id: first, phase: 'running', ref: 'main' });
      expect(await collect(gitlab.runnerJobs(IDLE, 'any'))).toEqual([]);
    });

    test('says so when GitLab does not know a runner', async () => {
      const { gitlab } = subject;
      await expect(gitlab.managers(NOWHERE as RunnerId)).rejects.toMatchObject(notFound);
      await expect(collect(gitlab.runnerJobs(NOWHERE as RunnerId, 'any'))).rejects.toMatchObject(notFound);
    });

    test('has the configuration as it was at the commit, none where it is invalid', async () => {
      const { gitlab } = subject;
      subject.setConfiguration(SEVEN, COMMIT, YAML);
      subject.setConfiguration(SEVEN, BROKEN_COMMIT, undefined);
      expect(await gitlab.configuration(SEVEN, COMMIT)).toEqual({ yaml: YAML });
      expect(await gitlab.configuration(SEVEN, BROKEN_COMMIT)).toEqual({ yaml: undefined });
    });

    test('says so when GitLab has no such commit any more, or no such project', async () => {
      const { gitlab } = subject;
      await expect(gitlab.configuration(SEVEN, LOST_COMMIT)).rejects.toMatchObject(notFound);
      await expect(gitlab.configuration(NOWHERE as ProjectId, COMMIT)).rejects.toMatchObject(notFound);
    });
  });
}
