import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HookReceiver, startHookReceiver } from '../gitlab/hook-receiver.ts';
import { type GitLabStandIn, startGitLab } from '../gitlab/stand-in.ts';
import { type ProtocolRunner, protocolRunner, registerRunner } from './protocol-runner.ts';
import type { ProtocolJob } from './protocol-runner-job.ts';

const SYSTEM_ID = 's_0123456789ab';
const HEAD =
  'Running with gitlab-runner 19.3.0 (1f7b0b7a)\nsection_start:1:prepare_executor\r\u001b[0K\u001b[36;1mö\n';

let gitlab: GitLabStandIn;
let receiver: HookReceiver;
let runner: ProtocolRunner;

beforeEach(async () => {
  receiver = await startHookReceiver();
  gitlab = await startGitLab({ token: 'root', hook: { url: receiver.url, delayMs: { min: 0, max: 0 } } });
  gitlab.createProject({ id: 42, path: 'group/app' });
  const token = gitlab.runnerToken(gitlab.createRunner({ id: 7 }));
  runner = protocolRunner({ url: gitlab.url, token, systemId: SYSTEM_ID, version: '19.4.0' });
});
afterEach(async () => {
  await gitlab.stop();
  await receiver.stop();
});

async function ask(path: string): Promise<Response> {
  return fetch(`${gitlab.url}/api/v4${path}`, { headers: { 'PRIVATE-TOKEN': 'root' } });
}

async function taken(): Promise<ProtocolJob> {
  const job = await runner.request();
  if (job === undefined) throw new Error('There is no job');
  return job;
}

describe('a runner on paper', () => {
  it('is known by its token, and its manager from then on', async () => {
    expect(await runner.verify()).toBe(true);
    expect(await protocolRunner({ url: gitlab.url, token: 'glrt-wrong' }).verify()).toBe(false);
    expect(await (await ask('/runners/7/managers')).json()).toMatchObject([
      { system_id: SYSTEM_ID, version: '19.4.0', job_execution_status: 'idle' },
    ]);
  });

  it('comes by the registration token, and goes', async () => {
    const { id, token } = await registerRunner(gitlab.url, gitlab.registrationToken, 'of old');
    expect(await (await ask(`/runners/${id}`)).json()).toMatchObject({
      ...{ id, description: 'of old', runner_type: 'instance_type' },
    });
    const old = protocolRunner({ url: gitlab.url, token });
    expect(await old.verify()).toBe(true);
    await old.unregister();
    expect([await old.verify(), gitlab.knowsRunner(id)]).toEqual([false, false]);
    await expect(registerRunner(gitlab.url, 'wrong', 'no')).rejects.toThrow('403');
  });

  it('takes a job with all that it needs to run it, and nobody gets that job again', async () => {
    expect(await runner.request()).toBeUndefined();
    const id = gitlab.createRunnerJob({
      ...{ project: 42, name: 'test', image: 'ruby:3.3', services: ['postgres:16'], script: ['make'] },
      ...{ variables: { DEBUG: '1', CI_JOB_NAME: 'mine' }, pullPolicy: 'never', timeout: 60 },
    });
    const { specification } = await taken();
    expect(await runner.request()).toBeUndefined();
    expect(specification).toMatchObject({
      id,
      job_info: { name: 'test', stage: 'test', project_id: 42, project_name: 'app' },
      git_info: { ref: 'main', ref_type: 'branch' },
      runner_info: { timeout: 60 },
      steps: [{ name: 'script', script: ['make'], timeout: 60, when: 'on_success' }],
      image: { name: 'ruby:3.3', pull_policy: ['never'] },
      services: [{ name: 'postgres:16', pull_policy: ['never'] }],
    });
    const { host } = new URL(gitlab.url);
    expect(specification.git_info.repo_url).toBe(
      `http://gitlab-ci-token:${specification.token}@${host}/group/app.git`,
    );
    const variables = new Map(specification.variables.map(({ key, value }) => [key, value]));
    expect([variables.get('DEBUG'), variables.get('CI_JOB_NAME'), variables.get('GIT_STRATEGY')]).toEqual([
      '1',
      'mine',
      'none',
    ]);
    expect(await (await ask(`/projects/42/jobs/${id}`)).json()).toMatchObject({
      ...{ id, status: 'running', runner: { id: 7 } },
      runner_manager: { system_id: SYSTEM_ID, version: '19.4.0' },
    });
  });

  it('sends the log byte for byte, cut wherever, and goes on where GitLab’s copy ends', async () => {
    const id = gitlab.createRunnerJob({ project: 42, name: 'test', script: ['make'] });
    const job = await taken();
    job.write(HEAD);
    // Every letter of more than one byte is cut in two.
    expect(new Set(await job.send(1))).toEqual(new Set([202]));
    job.write(Uint8Array.of(0xff, 0x0a));
    job.believeSent(10);
    expect(await job.send()).toEqual([416, 202]);
    expect(await job.touch()).toBe('running');
    const expected = Buffer.concat([Buffer.from(HEAD), Buffer.of(0xff, 0x0a)]);
    const read = async (): Promise<Buffer> =>
      Buffer.from(await (await ask(`/projects/42/jobs/${id}/trace`)).arrayBuffer());
    expect(await read()).toEqual(expected);

    gitlab.delayJobEnds(1, 202);
    gitlab.delayJobEnds(1, 412);
    job.write('Job succeeded\n');
    expect(await job.end('success')).toEqual([202, 412, 200]);
    expect(await read()).toEqual(Buffer.concat([expected, Buffer.from('Job succeeded\n')]));
  });

  it('is told of by the same hooks as any job', async () => {
    const id = gitlab.createRunnerJob({ project: 42, name: 'test', script: ['make'] });
    await (await taken()).end('failed');
    await gitlab.settled();
    const told = receiver.received.map(({ body }) => [body['build_id'], body['build_status']]);
    expect(told).toEqual(['created', 'pending', 'running', 'failed'].map((status) => [id, status]));
  });

  it('learns that its job was canceled, and may say no more of it', async () => {
    const id = gitlab.createRunnerJob({ project: 42, name: 'test', script: ['make'] });
    const job = await taken();
    gitlab.finish(id, 'canceled');
    job.write('too late');
    await expect(job.send()).rejects.toThrow('403');
    await expect(job.end('success')).rejects.toThrow('403');
    expect(await (await ask(`/projects/42/jobs/${id}`)).json()).toMatchObject({ status: 'canceled' });
  });
});
