import { type GitLabStandIn, startGitLab } from '@sideband/infra/testkit/gitlab/stand-in';
import { ManualClock } from '@sideband/shared/clock';
import { silentLog } from '@sideband/shared/log';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGitLab } from './gitbeaker-gitlab.ts';
import { describeGitLab, type GitLabSubject, SUITE_PROJECTS, SUITE_START } from './gitlab.suite.ts';
import type { GitLab } from './port.ts';

const TOKEN = 'glpat-for-the-suite';
const instance = 'stand-in' as InstanceName;

function connect(url: string, token: () => string = () => TOKEN): GitLab {
  return createGitLab({ instance, url, token, log: silentLog() });
}

describeGitLab('the adapter before a GitLab stand-in', async (): Promise<GitLabSubject> => {
  const clock = new ManualClock(SUITE_START);
  const standIn = await startGitLab({ token: TOKEN, clock });
  for (const id of SUITE_PROJECTS) standIn.createProject({ id, path: `group/project-${id}` });
  return {
    gitlab: connect(`${standIn.url}/`),
    clock,
    createJob: (project, name) => standIn.createJob({ project, name }),
    run(id, systemId) {
      standIn.pending(id);
      standIn.running(id, { systemId });
    },
    end: (id, status) => standIn.finish(id, status),
    setTrace(id, text, paddingBytes) {
      standIn.writeTrace(id, text);
      standIn.faults.padTrace(id, paddingBytes);
    },
    traceBytes: () => standIn.requests.all().reduce((bytes, request) => bytes + request.traceBytes, 0),
    stop: () => standIn.stop(),
  };
});

test.each([
  ['https://GitLab.Example.com/', 'gitlab.example.com'],
  ['https://gitlab.example.com:443/gitlab', 'gitlab.example.com'],
  ['http://gitlab.example.com:8080', 'gitlab.example.com:8080'],
])('at %s is known to runners as %s', (url, host) => {
  expect(connect(url).host).toBe(host);
});

describe('the lists', () => {
  let standIn: GitLabStandIn;
  beforeEach(async () => {
    standIn = await startGitLab({ token: TOKEN });
  });
  afterEach(() => standIn.stop());

  test('fetch a page when it is needed and not before', async () => {
    const project = standIn.createProject({ path: 'group/busy' });
    for (let made = 0; made < 250; made += 1) standIn.createJob({ project, name: 'job' });
    const requests = (): number => standIn.requests.count('/projects/:id/jobs');
    const seen: JobId[] = [];
    for await (const job of connect(standIn.url).jobs(project, { running: false })) {
      seen.push(job.id);
      expect(requests()).toBe(Math.ceil(seen.length / 100));
      if (seen.length === 101) break;
    }
    expect(requests()).toBe(2);
  });

  test('go on where they were when jobs are made meanwhile', async () => {
    const project = standIn.createProject({ path: 'group/busy' });
    const ids = Array.from({ length: 150 }, () => standIn.createJob({ project, name: 'job' }));
    const seen: JobId[] = [];
    for await (const job of connect(standIn.url).jobs(project, { running: false })) {
      if (seen.length % 10 === 0) standIn.createJob({ project, name: 'made meanwhile' });
      seen.push(job.id);
    }
    expect(seen).toEqual(ids.toReversed());
  });

  test('have all projects where the token is at least Reporter, over all pages', async () => {
    const ids = Array.from({ length: 205 }, (_, index) =>
      standIn.createProject({ id: 1_000 - index, path: `group/p${index}` }),
    );
    standIn.createProject({ path: 'group/guest', access: 'guest' });
    standIn.createProject({ path: 'group/hidden', access: 'none' });
    const listed: ProjectId[] = [];
    for await (const id of connect(standIn.url).projects()) listed.push(id);
    expect(listed).toEqual(ids.toReversed());
  });

  test('fail as a single request does, in the middle as well', async () => {
    const project = standIn.createProject({ path: 'group/busy' });
    for (let made = 0; made < 150; made += 1) standIn.createJob({ project, name: 'job' });
    const seen: JobId[] = [];
    const reading = (async () => {
      for await (const job of connect(standIn.url).jobs(project, { running: false })) {
        if (seen.length === 0) standIn.faults.answerNext(1, { status: 429, retryAfter: 3 });
        seen.push(job.id);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'GITLAB_RATE_LIMITED', retryAfterMs: 3_000 });
    expect(seen).toHaveLength(100);
  });
});

test('a new token counts from the next request on', async () => {
  const standIn = await startGitLab({ token: TOKEN });
  const project = standIn.createProject({ path: 'group/project' });
  const job = standIn.createJob({ project, name: 'job' });
  let token = 'glpat-expired';
  const gitlab = connect(standIn.url, () => token);

  await expect(gitlab.job(project, job)).rejects.toMatchObject({ code: 'GITLAB_REFUSED' });
  token = TOKEN;
  expect(await gitlab.job(project, job)).toMatchObject({ id: job });
  await standIn.stop();
});
