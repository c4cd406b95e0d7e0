import { Jobs } from '@gitbeaker/rest';
import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { parseProjectId, parseRunnerId } from '@sideband/shared/names';
import { shapeError } from './answer-error.ts';
import { gitbeakerOptions } from './gitbeaker-options.ts';
import type { Guest } from './guest/guest.ts';
import { KEYSET, listPages } from './list-pages.ts';
import { createOpenJobPages } from './open-job-pages.ts';
import { pagesOr } from './pages-or.ts';
import { parseIdOf, parseManager } from './parse-entry.ts';
import { parseJob, parseRunnerJob } from './parse-job.ts';
import type { GitLab } from './port.ts';
import { createConfigurationReader } from './read-configuration.ts';
import { readable } from './readable.ts';
import type { GitLabSettings } from './settings.ts';

/** Access level 20 in GitLab: what reading a job's log needs. */
const REPORTER = 20;
/** 100,000 runners. */
const RUNNER_PAGES = 1_000;

export interface GitLabParts {
  readonly settings: GitLabSettings;
  readonly guest: Guest;
  readonly log: Log;
}

/** GitLab over its REST API. */
export function createGitLab({ settings, guest, log }: GitLabParts): GitLab {
  const gitbeaker = new Jobs(gitbeakerOptions(settings, guest));
  const { requester } = gitbeaker;
  const openJobPages = createOpenJobPages(requester);
  const readConfiguration = createConfigurationReader(requester, log);

  return {
    instance: settings.instance,
    host: new URL(settings.url).host,

    async *projects() {
      const query = { ...KEYSET, sort: 'asc', membership: true, minAccessLevel: REPORTER, simple: true };
      for await (const page of listPages(requester, 'projects', query)) {
        yield* readable(page, (raw) => parseIdOf(raw, parseProjectId), log, { list: 'projects' });
      }
    },

    async job(project, id) {
      const job = parseJob(project, await gitbeaker.show(project, id));
      const path = `projects/${project}/jobs/${id}`;
      if (!job.ok) throw shapeError(path, 'malformed', job.error.message);
      if (job.value.id !== id) throw shapeError(path, 'malformed', `id: is another job’s, ${job.value.id}`);
      return job.value;
    },

    async *jobs(project, filter) {
      const query = { ...KEYSET, sort: 'desc', ...(filter === 'running' ? { scope: ['running'] } : {}) };
      const pages =
        filter === 'open' ? openJobPages(project) : listPages(requester, `projects/${project}/jobs`, query);
      for await (const page of pages) {
        yield* readable(page, (raw) => parseJob(project, raw), log, { list: 'jobs', project });
      }
    },

    // gitbeaker's showLog has the whole log in memory before it answers.
    trace: (project, job) => guest.openTrace(`projects/${project}/jobs/${job}/trace`),

    async *runners() {
      // All of the instance are an administrator's to list.
      const pages = pagesOr(
        listPages(requester, 'runners/all', {}, RUNNER_PAGES),
        (error) => isSidebandError(error, 'GITLAB_REFUSED'),
        () => listPages(requester, 'runners', {}, RUNNER_PAGES),
      );
      for await (const page of pages) {
        yield* readable(page, (raw) => parseIdOf(raw, parseRunnerId), log, { list: 'runners' });
      }
    },

    async managers(runner) {
      const path = `runners/${runner}/managers`;
      const { body } = await requester.get(path);
      if (!Array.isArray(body)) throw shapeError(path, 'malformed', 'expected a list');
      return [...new Set(readable(body, parseManager, log, { list: 'managers', runner }))];
    },

    async *runnerJobs(runner, filter) {
      const query = { ...KEYSET, sort: 'desc', ...(filter === 'running' ? { status: 'running' } : {}) };
      for await (const page of listPages(requester, `runners/${runner}/jobs`, query)) {
        yield* readable(page, parseRunnerJob, log, { list: 'runner-jobs', runner });
      }
    },

    configuration: readConfiguration,
  };
}
