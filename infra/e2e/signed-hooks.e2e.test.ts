import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hookPath } from '@sideband/collector/receive/hook-secret';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../testkit/until.ts';
import { type Ran, runCommand } from './command.ts';
import { aHost, aSystemId, type Fleet, INSTANCE, type Program, startFleet } from './fleet.ts';
import { startWithoutPolls } from './hooks-alone.ts';
import { jobsOf, paperEngine, runJob, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('a');
const IMAGE = 'registry.example.com/team/app:1';
const engine = paperEngine([IMAGE]);

let fleet: Fleet;
let collector: Program;
let secretFile: string;
let own: Readonly<Record<string, string>>;
let projects: readonly [ProjectId, ProjectId];

beforeAll(async () => {
  fleet = await startFleet({ autoDisable: true });
  await registerPaperHost(fleet, host, systemId);
  fleet.gitlab.pointHookAt(undefined);
  projects = [
    fleet.gitlab.createProject({ path: 'team/app' }),
    fleet.gitlab.createProject({ path: 'other/app' }),
  ];
  secretFile = join(fleet.directory, 'hook-secret');
  await writeFile(secretFile, `${fleet.secret}\n`);
  own = {
    SIDEBAND_HOOK_SECRET: '',
    SIDEBAND_HOOK_SECRET_FILE: secretFile,
    SIDEBAND_HOOK_REQUIRE: 'both',
    SIDEBAND_PUBLIC_URL: fleet.url,
  };
  collector = await startWithoutPolls(fleet, own);
});
afterAll(() => fleet?.stop());

const hooks = (...args: readonly string[]): Promise<Ran> => runCommand(fleet, ['hooks', ...args], own);
const run = (project: ProjectId): Promise<JobId> =>
  runJob(fleet.gitlab, { project, systemId, engine, image: IMAGE });

/** The project's only hook, as GitLab keeps it. */
async function hookOf(project: ProjectId): Promise<ReturnType<Fleet['gitlab']['hook']>> {
  const { gitlab, settings } = fleet;
  const headers = { 'private-token': settings['SIDEBAND_GITLAB_TOKEN'] ?? '' };
  const answer = await fetch(`${gitlab.url}/api/v4/projects/${project}/hooks`, { headers });
  const listed = (await answer.json()) as readonly { readonly id: number }[];
  if (listed[0] === undefined || listed.length > 1)
    throw new Error(`Project ${project} has no hook, or several`);
  return gitlab.hook(listed[0].id);
}

/** What GitLab's newest delivery to the project's hook was answered. */
async function newestAnswer(project: ProjectId): Promise<string | undefined> {
  await fleet.gitlab.settled();
  return (await hookOf(project)).log.at(-1)?.responseStatus;
}

/** How often GitLab was asked of jobs. */
const aboutJobs = (): number =>
  fleet.gitlab.requests.all().filter(({ path }) => path.includes('/jobs')).length;

async function untilDealtWith(): Promise<void> {
  await fleet.settled();
  expect(await fleet.resolving.queue.getFailedCount()).toBe(0);
}

test('one command gives every project its signed hook, and nothing is changed before it is told to', async () => {
  const dry = await hooks('install', '--instance');
  expect(dry).toMatchObject({ code: 0, said: expect.stringContaining('Nothing was changed') });
  await expect(hookOf(projects[0])).rejects.toThrow('no hook');

  expect(await hooks('install', '--instance', '--apply')).toMatchObject({ code: 0 });
  expect(await hooks('verify', '--instance')).toMatchObject({ code: 0 });
  const jobs = await Promise.all(projects.map(run));
  await untilUsedBy(fleet, host, jobs);

  for (const project of projects) {
    const { log, events } = await hookOf(project);
    expect(Object.entries(events).filter(([, isOn]) => isOn)).toEqual([['job_events', true]]);
    expect(new Set(log.map(({ responseStatus }) => responseStatus))).toEqual(new Set(['202']));
    expect(log[0]?.requestHeaders).toHaveProperty('webhook-signature');
  }
});

test('a project that is created later gets its hook by the system hook, and so its jobs are known', async () => {
  const project = fleet.gitlab.createProject({ path: 'team/later' });
  await until('the project to have its hook', () => hookOf(project));
  await untilUsedBy(fleet, host, [await run(project)]);
});

test('a signed request counts once: word for word again it is refused, and sent anew by GitLab it is no news', async () => {
  const [project] = projects;
  await untilUsedBy(fleet, host, [await run(project)]);
  await untilDealtWith();
  const { log, url } = await hookOf(project);
  const delivery = log.at(-1);
  if (delivery === undefined) throw new Error('The hook was never sent');
  const before = aboutJobs();
  const { requestHeaders: headers, body } = delivery;
  const again = await fetch(url, { method: 'POST', headers, body });
  expect([again.status, await again.text()]).toEqual([401, expect.stringContaining('taken before')]);

  // GitLab signs anew with each sending, to the second.
  const signedAt = Number(headers['webhook-timestamp']);
  await until('the next second', async () => Date.now() >= (signedAt + 1) * 1_000);
  fleet.gitlab.resendHooks();
  expect(await newestAnswer(project)).toBe('202');
  await untilDealtWith();
  expect((await hookOf(project)).log.at(-1)?.requestHeaders['webhook-id']).toBe(headers['webhook-id']);
  expect(aboutJobs()).toEqual(before);
});

test('a maintainer’s template that speaks of another project’s job is refused and changes nothing', async () => {
  const [mine, theirs] = projects;
  await untilDealtWith();
  const victim = fleet.gitlab.createJob({ project: theirs, name: 'build' });
  await untilDealtWith();
  const before = await fleet.evidence.lastUses(host);
  const { id } = await hookOf(mine);
  const lie = {
    ...{ object_kind: 'build', build_status: 'success', project_id: theirs, build_id: victim },
    ...{ build_name: 'build', build_created_at: '2026-01-01T00:00:00Z', runner: { id: 1 } },
    ...{ build_started_at: '2026-01-01T00:00:00Z', build_finished_at: '2026-01-01T00:00:01Z' },
  };
  fleet.gitlab.setTemplate(id, JSON.stringify(lie));
  const known = await fleet.resolving.queue.getJobCounts();
  const pawn = fleet.gitlab.createJob({ project: mine, name: 'build' });

  expect(await newestAnswer(mine)).toBe('403');
  expect(await fleet.resolving.queue.getJobCounts()).toEqual(known);
  expect(await fleet.evidence.lastUses(host)).toEqual(before);
  expect(await jobsOf(fleet, host)).not.toContain(victim);
  expect(await collector.log()).toContain('Hook refused: it is of another project');
  fleet.gitlab.setTemplate(id, undefined);
  fleet.gitlab.finish(pawn, 'canceled');
  expect(await newestAnswer(mine)).toBe('202');
});

test.each([
  ['a text', '"{{build_name}}"'],
  ['an empty list', '[]'],
  ['a job without an id', '{"object_kind":"build","project_id":{{project_id}},"build_status":"success"}'],
  ['an id that is none', '{"object_kind":"build","project_id":{{project_id}},"build_id":"1; DROP"}'],
  ['another event', '{"object_kind":"push","text":"{{build_name}}"}'],
])('a template of nonsense costs nobody a hook: %s', async (_, template) => {
  const [project] = projects;
  const { id } = await hookOf(project);
  fleet.gitlab.setTemplate(id, template);
  // GitLab pauses a hook that fails four times in a row.
  const jobs = Array.from({ length: 4 }, () => fleet.gitlab.createJob({ project, name: 'build' }));
  await untilDealtWith();
  const { log, health } = await hookOf(project);
  expect(log.slice(-4).map(({ responseStatus }) => responseStatus)).toEqual(Array(4).fill('202'));
  expect(health).toEqual({ recentFailures: 0, disabledUntil: undefined, disabled: false });
  fleet.gitlab.setTemplate(id, undefined);
  for (const job of jobs) fleet.gitlab.finish(job, 'canceled');
});

test('a new secret comes first in the file: hooks with the old one go on, and installing again mends them', async () => {
  const [project] = projects;
  const before = await hookOf(project);
  const tokens = [before.token, before.signingToken];
  const path = `${hookPath(INSTANCE as InstanceName, { kind: 'project', project })}`;
  expect(before.url).toBe(`${fleet.url}${path}`);

  await writeFile(secretFile, `${'9'.repeat(24)}\n${fleet.secret}\n`);
  const writtenAt = Date.now();
  await untilUsedBy(fleet, host, [await run(project)]);
  expect((await hooks('verify', '--instance')).code).toBe(1);
  expect(await hooks('install', '--instance', '--apply')).toMatchObject({ code: 0 });
  expect(await hooks('verify', '--instance')).toMatchObject({ code: 0 });
  const after = await hookOf(project);
  expect(tokens).not.toContain(after.token);
  expect(tokens).not.toContain(after.signingToken);

  // The collector reads the file again when five seconds have passed; until then it would refuse the new secret.
  await until('the file to be read again', async () => Date.now() >= writtenAt + 5_000);
  await untilUsedBy(fleet, host, [await run(project)]);
  expect(await newestAnswer(project)).toBe('202');
  expect(await collector.log()).not.toMatch(new RegExp(`${fleet.secret}|${'9'.repeat(24)}|whsec_`));
});
