import type { JobId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

let gitlab: GitLabStandIn;

async function start(version = '19.3.0-ee'): Promise<void> {
  gitlab = await startGitLab({
    token: 'root',
    version,
    tokens: [
      { token: 'reporter', scopes: ['read_api'], role: 'reporter' },
      { token: 'maintainer', scopes: ['read_api'], role: 'maintainer', memberOf: ['group/app'] },
      { token: 'owner', scopes: ['read_api'], role: 'owner', memberOf: ['group'] },
    ],
  });
  gitlab.createProject({ id: 42, path: 'group/app' });
  gitlab.createProject({ id: 43, path: 'group/lib' });
  gitlab.createRunner({ id: 2, group: 'group' });
  gitlab.createRunner({ id: 3, project: 'group/app', description: 'the app’s own' });
}

beforeEach(() => start());
afterEach(() => gitlab.stop());

function run(project: number, runnerId: number, systemId = 's_0123456789ab'): JobId {
  const job = gitlab.createJob({ project, name: 'test' });
  gitlab.pending(job);
  gitlab.running(job, { runnerId, systemId });
  return job;
}

async function ask(path: string, token = 'root'): Promise<[number, { id: number }[]]> {
  const response = await fetch(`${gitlab.url}/api/v4${path}`, { headers: { 'PRIVATE-TOKEN': token } });
  return [response.status, (await response.json()) as { id: number }[]];
}

async function ids(path: string, token = 'root'): Promise<number[] | number> {
  const [status, body] = await ask(path, token);
  return status === 200 ? body.map(({ id }) => id) : status;
}

describe('runners', () => {
  it('exist by being made or by taking a job', () => {
    expect(gitlab.knowsRunner(7)).toBe(false);
    run(42, 7);
    expect([gitlab.knowsRunner(7), gitlab.knowsRunner(3)]).toEqual([true, true]);
  });

  it('are listed: all for an administrator, their own for their owners', async () => {
    run(42, 1);
    expect(await ids('/runners/all')).toEqual([1, 2, 3]);
    expect(await ids('/runners/all?per_page=2&page=2')).toEqual([3]);
    expect(await ids('/runners/all', 'owner')).toBe(403);
    expect(await ids('/runners')).toEqual([2, 3]);
    expect(await ids('/runners', 'owner')).toEqual([2, 3]);
    expect(await ids('/runners', 'maintainer')).toEqual([3]);
    expect(await ids('/runners', 'reporter')).toEqual([]);
  });

  it('show their managers at once: the instance’s to everybody', async () => {
    run(42, 1);
    for (let index = 10; index < 40; index += 1) {
      gitlab.contact({ runnerId: 1, systemId: `r_0000000000${index}`, version: '15.11.0' });
    }
    expect(await ids('/runners/1/managers?per_page=2', 'reporter')).toHaveLength(31);
    const [, managers] = await ask('/runners/1/managers', 'reporter');
    expect(managers[0]).toMatchObject({ system_id: 's_0123456789ab', job_execution_status: 'active' });
    expect(managers[1]).toMatchObject({ system_id: 'r_000000000010', version: '15.11.0', status: 'online' });
    expect(await ids('/runners/3/managers', 'maintainer')).toEqual([]);
    expect(await ask('/runners/2/managers', 'maintainer')).toEqual([
      403,
      { message: '403 Forbidden - No access granted' },
    ]);
    expect(await ids('/runners/9/managers')).toBe(404);
  });

  it('are shown by themselves under the same rule', async () => {
    expect(await ask('/runners/3')).toMatchObject([
      200,
      { id: 3, runner_type: 'project_type', is_shared: false, description: 'the app’s own', version: null },
    ]);
    expect((await ask('/runners/3', 'reporter'))[0]).toBe(403);
  });

  it('show their jobs to their owners only, in projects these may read', async () => {
    const mine = run(42, 2);
    const other = run(43, 2);
    expect(await ids('/runners/2/jobs', 'owner')).toEqual([other, mine]);
    expect(await ids('/runners/2/jobs', 'maintainer')).toBe(403);
    run(42, 1);
    expect(await ids('/runners/1/jobs', 'owner')).toBe(403);
    expect(await ids('/runners/2/jobs?status=running&pagination=keyset')).toEqual([other, mine]);
  });
});

describe('old versions', () => {
  it('show no managers, not with the job either, and do not filter by them', async () => {
    await gitlab.stop();
    await start('16.7.0-ee');
    const first = run(42, 1);
    const second = run(42, 1, 's_ba9876543210');
    expect(await ids('/runners/1/managers')).toBe(404);
    expect(await ids('/runners/1/jobs?system_id=s_0123456789ab')).toEqual([second, first]);
    expect((await ask(`/projects/42/jobs/${first}`))[1]).not.toHaveProperty('runner_manager');
    expect((await ask('/projects/42/jobs?scope[]=canceling'))[0]).toBe(400);
  });
});
