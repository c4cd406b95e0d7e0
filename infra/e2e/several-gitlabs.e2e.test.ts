import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '@sideband/shared/evidence/model';
import type { InstanceName, JobId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProjectHooks, projectHooks } from '../demo/project-hooks.ts';
import { type GitLabStandIn, startGitLab } from '../testkit/gitlab/stand-in.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, type Fleet, startFleet } from './fleet.ts';
import { startWithoutPolls } from './hooks-alone.ts';
import { endedHook, paperEngine, runJob, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('a');
const MASTERS = { one: 'the-secret-of-the-first', two: 'the-secret-of-the-second' };
const TOKENS = { one: 'glpat-of-the-first', two: 'glpat-of-the-second' };
const BUDGETS = { one: 6_000, two: 60 };
type Name = keyof typeof MASTERS;
const NAMES: readonly Name[] = ['one', 'two'];
const INSTANCES = NAMES as readonly string[] as readonly InstanceName[];
const imageOf = (name: Name): string => `registry.example.com/${name}/app:1`;
const engine = paperEngine(NAMES.map(imageOf));

let fleet: Fleet;
let gitlabs: Readonly<Record<Name, GitLabStandIn>>;
let hooks: Readonly<Record<Name, ProjectHooks>>;

beforeAll(async () => {
  fleet = await startFleet();
  await registerPaperHost(fleet, host, systemId);
  gitlabs = { one: await startGitLab({ token: TOKENS.one }), two: await startGitLab({ token: TOKENS.two }) };
  hooks = {
    one: projectHooks(fleet.url, 'one', MASTERS.one),
    two: projectHooks(fleet.url, 'two', MASTERS.two),
  };
  const entries = await Promise.all(
    NAMES.map(async (name) => {
      const [token, secret] = [
        join(fleet.directory, `${name}-token`),
        join(fleet.directory, `${name}-secret`),
      ];
      await writeFile(token, TOKENS[name]);
      await writeFile(secret, MASTERS[name]);
      gitlabs[name].pointHookAt(hooks[name]);
      return `  - { name: ${name}, url: "${gitlabs[name].url}", tokenFile: ${token}, hookSecretFile: ${secret}, requestsPerMinute: ${BUDGETS[name]} }\n`;
    }),
  );
  const file = join(fleet.directory, 'gitlabs.yaml');
  await writeFile(file, `gitlabs:\n${entries.join('')}`);
  await startWithoutPolls(fleet, {
    SIDEBAND_GITLABS: file,
    ...{ SIDEBAND_GITLAB_URL: '', SIDEBAND_GITLAB_NAME: '', SIDEBAND_GITLAB_TOKEN: '' },
    ...{ SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: '', SIDEBAND_HOOK_SECRET: '' },
  });
});
afterAll(async () => {
  await fleet?.stop();
  await Promise.all(Object.values(gitlabs ?? {}).map((gitlab) => gitlab.stop()));
});

const project = 7;
const run = (name: Name): Promise<JobId> =>
  runJob(gitlabs[name], { project: project as never, systemId, engine, image: imageOf(name) });

test('projects and jobs of the same numbers stay apart', async () => {
  for (const name of NAMES) gitlabs[name].createProject({ id: project, path: 'team/app' });
  const jobs = await Promise.all(NAMES.map(run));
  expect(jobs[0]).toBe(jobs[1]);
  await Promise.all(NAMES.map((name) => gitlabs[name].settled()));
  await fleet.settled(30_000, INSTANCES);

  const uses = await fleet.evidence.lastUses(host);
  for (const name of NAMES) {
    expect(uses.get(imageOf(name) as Identity)?.job).toEqual({ instance: name, project, job: jobs[0] });
  }
  expect(await fleet.evidence.recordedUses(host, 10)).toHaveLength(2);
});

test('each has a secret of its own, and the other’s opens nothing', async () => {
  const post = async (to: Name, secretOf: Name): Promise<number> => {
    const answer = await fetch(hooks[to].url(project), {
      method: 'POST',
      headers: { 'x-gitlab-token': hooks[secretOf].secret(project) },
      body: endedHook(project as never, 1 as JobId),
    });
    return answer.status;
  };
  expect([await post('one', 'two'), await post('two', 'one')]).toEqual([401, 401]);
  expect([await post('one', 'one'), await post('two', 'two')]).toEqual([202, 202]);
});

test('each is asked within its own budget, whatever the other allows', async () => {
  const times = (name: Name): readonly number[] =>
    gitlabs[name].requests
      .all()
      .filter(({ route }) => route.endsWith('/trace'))
      .map(({ at }) => at);
  const spanOf = async (name: Name, count: number): Promise<number> => {
    const before = times(name).length;
    const jobs: JobId[] = [];
    for (let job = 0; job < count; job += 1) jobs.push(await run(name));
    await gitlabs[name].settled();
    await fleet.settled(30_000, INSTANCES);
    const now = times(name).slice(before);
    expect(now).toHaveLength(count);
    return (now.at(-1) ?? 0) - (now[0] ?? 0);
  };
  // Of 60 a minute, six may be sent at once, then one each second.
  expect(await spanOf('one', 20)).toBeLessThan(10_000);
  expect(await spanOf('two', 9)).toBeGreaterThanOrEqual(2_000);
});

test('one that limits us makes nobody else wait', async () => {
  gitlabs.two.faults.answerNext(1, { status: 429, retryAfter: 60, path: '/trace' });
  await run('two');
  await until('the second to say so', async () =>
    gitlabs.two.requests.all().some(({ status }) => status === 429),
  );
  await untilUsedBy(fleet, host, [await run('one'), await run('one')], 10_000);
});
