import { type GitLabStandIn, startGitLab } from '@sideband/infra/testkit/gitlab/stand-in';
import { ManualClock } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GitLabConnection } from './connect-gitlab.ts';
import { collect, describeGitLab, type GitLabSubject, SUITE_PROJECTS, SUITE_START } from './gitlab.suite.ts';
import { describeGitLabRunners } from './gitlab-runners.suite.ts';
import { connectStandIn, STAND_IN_TOKEN as TOKEN } from './stand-in-connection.suite.ts';

async function start(): Promise<GitLabSubject> {
  const clock = new ManualClock(SUITE_START);
  const standIn = await startGitLab({ token: TOKEN, clock });
  const connection = connectStandIn(standIn);
  const configurations = new Map<ProjectId, Record<string, string | null>>();
  for (const id of SUITE_PROJECTS) standIn.createProject({ id, path: `group/project-${id}` });
  return {
    gitlab: connection.gitlab,
    clock,
    createJob: (project, name) => standIn.createJob({ project, name }),
    run(id, runner, systemId) {
      standIn.pending(id);
      standIn.running(id, { systemId, runnerId: runner });
    },
    end: (id, status) => standIn.finish(id, status),
    setTrace(id, text, paddingBytes) {
      standIn.writeTrace(id, text);
      standIn.faults.padTrace(id, paddingBytes);
    },
    traceBytes: () => standIn.requests.all().reduce((bytes, request) => bytes + request.traceBytes, 0),
    createRunner(id, managers) {
      standIn.createRunner({ id });
      for (const systemId of managers) standIn.contact({ systemId, runnerId: id });
    },
    setConfiguration(project, commit, yaml) {
      const known = { ...configurations.get(project), [commit]: yaml ?? null };
      configurations.set(project, known);
      standIn.setConfiguration(project, known);
    },
    async stop() {
      await connection.close();
      await standIn.stop();
    },
  };
}

describeGitLab('the adapter before a GitLab stand-in', start);
describeGitLabRunners('the adapter before a GitLab stand-in: runners and configurations', start);

test.each([
  ['https://gitlab.example.com', 'gitlab.example.com'],
  ['https://gitlab.example.com/gitlab', 'gitlab.example.com'],
  ['http://gitlab.example.com:8080', 'gitlab.example.com:8080'],
])('at %s is known to runners as %s', async (url, host) => {
  const connection = connectStandIn({ url });
  expect(connection.gitlab.host).toBe(host);
  await connection.close();
});

describe('the lists', () => {
  let standIn: GitLabStandIn;
  let connection: GitLabConnection;
  beforeEach(async () => {
    standIn = await startGitLab({ token: TOKEN });
    connection = connectStandIn(standIn);
  });
  afterEach(async () => {
    await connection.close();
    await standIn.stop();
  });

  test('fetch a page when it is needed and not before', async () => {
    const project = standIn.createProject({ path: 'group/busy' });
    for (let made = 0; made < 250; made += 1) standIn.createJob({ project, name: 'job' });
    const requests = (): number => standIn.requests.count('/projects/:id/jobs');
    const seen: JobId[] = [];
    for await (const job of connection.gitlab.jobs(project, 'any')) {
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
    for await (const job of connection.gitlab.jobs(project, 'any')) {
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
    for await (const id of connection.gitlab.projects()) listed.push(id);
    expect(listed).toEqual(ids.toReversed());
  });

  test('fail as a single request does, in the middle as well', async () => {
    const project = standIn.createProject({ path: 'group/busy' });
    for (let made = 0; made < 150; made += 1) standIn.createJob({ project, name: 'job' });
    const seen: JobId[] = [];
    const reading = (async () => {
      for await (const job of connection.gitlab.jobs(project, 'any')) {
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
  const { gitlab, close } = connectStandIn(standIn, () => token);

  await expect(gitlab.job(project, job)).rejects.toMatchObject({ code: 'GITLAB_REFUSED' });
  token = TOKEN;
  expect(await gitlab.job(project, job)).toMatchObject({ id: job });
  await close();
  await standIn.stop();
});

test.each(['16.0.0', '16.4.0', '16.9.0', '16.11.0', '17.5.0-ee', '19.3.0-ee'])(
  'a GitLab %s lists what is open, and has the configuration of a commit or says that it is not',
  async (version) => {
    const standIn = await startGitLab({ token: TOKEN, version });
    const project = standIn.createProject({ path: 'group/project' });
    const manual = standIn.createJob({ project, name: 'deploy', when: 'manual' });
    const running = standIn.createJob({ project, name: 'job' });
    standIn.pending(running);
    standIn.running(running, { systemId: 's_0123456789ab' });
    standIn.finish(standIn.createJob({ project, name: 'over' }), 'canceled');
    const { sha } = standIn.jobRequest(running);
    standIn.setConfiguration(project, { main: 'now: {}', [sha]: 'then: {}' });
    const { gitlab, close } = connectStandIn(standIn);

    const open = await collect(gitlab.jobs(project, 'open'));
    expect(open.map((job) => job.id)).toEqual([running, manual]);
    const configuration = await gitlab.configuration(project, sha);
    const isOld = version.startsWith('16.0') || version.startsWith('16.4');
    expect(configuration).toEqual(isOld ? { yaml: 'now: {}', ofDefaultBranch: true } : { yaml: 'then: {}' });
    await close();
    await standIn.stop();
  },
);

test('a token that is no administrator’s lists its own runners', async () => {
  const token = 'glpat-of-an-owner';
  const tokens = [{ token, scopes: ['read_api'], role: 'owner', memberOf: ['mine'] }] as const;
  const standIn = await startGitLab({ token: TOKEN, tokens });
  standIn.createGroup({ path: 'mine' });
  standIn.createGroup({ path: 'theirs' });
  const own = standIn.createRunner({ group: 'mine' });
  const others = standIn.createRunner({ group: 'theirs' });
  const shared = standIn.createRunner({});
  const mine = connectStandIn(standIn, () => token);
  const all = connectStandIn(standIn);

  expect(await collect(mine.gitlab.runners())).toEqual([own]);
  expect((await collect(all.gitlab.runners())).toSorted()).toEqual([own, others, shared].toSorted());
  await expect(mine.gitlab.managers(others)).rejects.toMatchObject({ code: 'GITLAB_REFUSED' });
  await mine.close();
  await all.close();
  await standIn.stop();
});
