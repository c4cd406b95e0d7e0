import { stripVTControlCharacters } from 'node:util';
import { createMemoryEngine, type MemoryEngine } from '@sideband/reaper/engine/memory-engine';
import type { ImageId } from '@sideband/reaper/engine/port';
import { ManualClock } from '@sideband/shared/clock';
import type { JobId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from '../gitlab/stand-in.ts';
import type { NewContainer, RunnerEngine } from './engine.ts';
import type { JobRun, RunnerEvent } from './job-run.ts';
import { memoryRunnerEngine, type OfferedImage } from './memory-engine.ts';
import { finishJob, startJob } from './run-job.ts';

const RUNNER = {
  name: 'blue',
  shortToken: 'xS6Vz_voq',
  systemId: 's_0123456789ab',
  version: '19.3.0',
  revision: 'abcdef12',
  runnerId: 7,
  hostname: 'host-1',
};
const TIME = '2026-11-21T10:00:00.000000Z';
const UNIX = 1_795_255_200;

let clock: ManualClock;
let gitlab: GitLabStandIn;
let memory: MemoryEngine;
let engine: RunnerEngine;
let created: NewContainer[];
let events: RunnerEvent[];
let job: JobId;

beforeEach(async () => {
  clock = new ManualClock(UNIX * 1_000);
  gitlab = await startGitLab({ clock, token: 'secret' });
  gitlab.createProject({ id: 42, path: 'group/app' });
  memory = createMemoryEngine({ clock });
  const offered = new Map([
    ['ruby:3.3', image('ruby', '1')],
    ['redis:7', image('redis', '2')],
    ['helper:1', image('helper', '3')],
  ]);
  const real = memoryRunnerEngine(memory, { offered, clock });
  created = [];
  events = [];
  engine = {
    ...real,
    create: (container) => {
      created.push(container);
      return real.create(container);
    },
  };
  job = gitlab.createJob({ project: 42, name: 'test' });
  gitlab.pending(job);
});

afterEach(() => gitlab.stop());

function image(name: string, digit: string): OfferedImage {
  const sha = `sha256:${digit.repeat(64)}`;
  return { id: sha as ImageId, digests: [`${name}@${sha}`], layers: [{ chain: sha, bytes: 100 }] };
}

function runOf(more: Partial<JobRun> = {}): JobRun {
  const onEvent = (event: RunnerEvent): void => void events.push(event);
  return { gitlab, engine, runner: RUNNER, clock, job, image: 'ruby:3.3', onEvent, ...more };
}

async function start(more: Partial<JobRun> = {}): Promise<NonNullable<Awaited<ReturnType<typeof startJob>>>> {
  const running = await startJob(runOf(more));
  if (running === undefined) throw new Error('The job failed');
  return running;
}

async function api(path: string): Promise<Response> {
  return fetch(`${gitlab.url}/api/v4/projects/42/jobs/${job}${path}`, {
    headers: { 'PRIVATE-TOKEN': 'secret' },
  });
}

async function traceText(): Promise<string> {
  return (await api('/trace')).text();
}

/** Without colours. */
async function shownTrace(): Promise<string> {
  return stripVTControlCharacters(await traceText());
}

async function evict(reference: string): Promise<void> {
  const found = await engine.find(reference);
  if (found !== undefined) await memory.remove(found.id as ImageId);
}

describe('a job that succeeds', () => {
  it('leaves the trace that gitlab-runner leaves', async () => {
    const running = await start({ output: ['hello'] });
    await finishJob(running, 'success');
    const id = `sha256:${'1'.repeat(64)}`;
    const using = `\u001b[0KUsing docker image ${id} for ruby:3.3 with digest docker.io/library/ruby@${id} ...\u001b[0;m`;
    const policy =
      '\u001b[0KUsing effective pull policy of [if-not-present] for container ruby:3.3\u001b[0;m';
    const sha = gitlab.jobRequest(job).sha.slice(0, 8);
    const title = (text: string): string => `\u001b[0K\u001b[36;1m${text}\u001b[0;m\u001b[0;m`;
    expect((await traceText()).split('\n')).toEqual([
      `${TIME} 00O \u001b[0KRunning with gitlab-runner 19.3.0 (abcdef12)\u001b[0;m`,
      `${TIME} 00O \u001b[0K  on blue xS6Vz_voq, system ID: s_0123456789ab\u001b[0;m`,
      `${TIME} 00O section_start:${UNIX}:prepare_executor\r\u001b[0K`,
      `${TIME} 00O+${title('Preparing the "docker" executor')}`,
      `${TIME} 00O \u001b[0KUsing Docker executor with image ruby:3.3 ...\u001b[0;m`,
      `${TIME} 00O ${policy}`,
      `${TIME} 00O \u001b[0KPulling docker image ruby:3.3 ...\u001b[0;m`,
      `${TIME} 00O ${using}`,
      `${TIME} 00O section_end:${UNIX}:prepare_executor\r\u001b[0K`,
      `${TIME} 00O+section_start:${UNIX}:prepare_script\r\u001b[0K`,
      `${TIME} 00O+${title('Preparing environment')}`,
      `${TIME} 01O Running on runner-xs6vzvoq-project-42-concurrent-0 via host-1...`,
      `${TIME} 00O section_end:${UNIX}:prepare_script\r\u001b[0K`,
      `${TIME} 00O+section_start:${UNIX}:get_sources\r\u001b[0K`,
      `${TIME} 00O+${title('Getting source from Git repository')}`,
      `${TIME} 01O \u001b[32;1mFetching changes with git depth set to 20...\u001b[0;m`,
      `${TIME} 01O \u001b[32;1mChecking out ${sha} as detached HEAD (ref is main)...\u001b[0;m`,
      `${TIME} 00O section_end:${UNIX}:get_sources\r\u001b[0K`,
      `${TIME} 00O+section_start:${UNIX}:step_script\r\u001b[0K`,
      `${TIME} 00O+${title('Executing "step_script" stage of the job script')}`,
      `${TIME} 00O ${policy}`,
      `${TIME} 00O ${using}`,
      `${TIME} 01O \u001b[32;1m$ make\u001b[0;m`,
      `${TIME} 01O hello`,
      `${TIME} 00O section_end:${UNIX}:step_script\r\u001b[0K`,
      `${TIME} 00O+section_start:${UNIX}:cleanup_file_variables\r\u001b[0K`,
      `${TIME} 00O+${title('Cleaning up project directory and file based variables')}`,
      `${TIME} 00O section_end:${UNIX}:cleanup_file_variables\r\u001b[0K`,
      `${TIME} 00O \u001b[32;1mJob succeeded\u001b[0;m`,
      '',
    ]);
    expect(events).toEqual([{ kind: 'pulled', image: 'ruby:3.3', id }]);
    expect(await (await api('')).json()).toMatchObject({
      status: 'success',
      runner: { id: 7 },
      runner_manager: { system_id: 's_0123456789ab', version: '19.3.0' },
    });
  });

  it('has a labelled container of its image until it ends', async () => {
    await engine.pull('ruby:3.3');
    const running = await start({ runner: { ...RUNNER, version: '19.1.0', slot: 3 } });
    const { sha, pipeline } = gitlab.jobRequest(job);
    expect(created[0]?.name).toMatch(/^runner-xs6vzvoq-project-42-concurrent-3-[0-9a-f]{16}-build$/);
    expect(created[0]?.reference).toBeUndefined();
    const [container] = await memory.containers();
    expect(container?.image).toBe(`sha256:${'1'.repeat(64)}`);
    expect(container?.labels).toEqual({
      'com.gitlab.gitlab-runner.job.id': String(job),
      'com.gitlab.gitlab-runner.job.url': `${gitlab.url}/group/app/-/jobs/${job}`,
      'com.gitlab.gitlab-runner.job.sha': sha,
      'com.gitlab.gitlab-runner.job.before_sha': '0'.repeat(40),
      'com.gitlab.gitlab-runner.job.ref': 'main',
      'com.gitlab.gitlab-runner.job.timeout': '1h0m0s',
      'com.gitlab.gitlab-runner.project.id': '42',
      'com.gitlab.gitlab-runner.project.runner_id': '0',
      'com.gitlab.gitlab-runner.pipeline.id': String(pipeline),
      'com.gitlab.gitlab-runner.runner.id': 'xS6Vz_voq',
      'com.gitlab.gitlab-runner.runner.local_id': '3',
      'com.gitlab.gitlab-runner.runner.system_id': 's_0123456789ab',
      'com.gitlab.gitlab-runner.managed': 'true',
      'com.gitlab.gitlab-runner.type': 'build',
    });
    expect(events.map(({ kind }) => kind)).toEqual(['found']);
    await finishJob(running, 'success');
    expect(await memory.containers()).toEqual([]);
    expect(await traceText()).toContain(
      'Using locally found image version due to "if-not-present" pull policy',
    );
  });

  it('starts its services first, and keeps a helper container through the gap', async () => {
    let inGap: readonly string[] = [];
    const running = await start({
      services: ['redis:7'],
      helper: 'helper:1',
      inPreparationGap: async () => {
        inGap = (await memory.containers()).map(
          ({ labels }) => labels['com.gitlab.gitlab-runner.type'] ?? '',
        );
      },
    });
    expect(inGap).toEqual(['service', 'predefined']);
    expect(created.map(({ labels }) => labels['com.gitlab.gitlab-runner.type'])).toEqual([
      'service',
      'predefined',
      'build',
    ]);
    expect(created[0]?.labels).toMatchObject({
      'com.gitlab.gitlab-runner.service': 'redis',
      'com.gitlab.gitlab-runner.service.version': '7',
    });
    expect(created.map(({ reference }) => reference)).toEqual(
      ['redis', 'helper', 'ruby'].map(
        (name, index) => `docker.io/library/${name}@sha256:${String([2, 3, 1][index]).repeat(64)}`,
      ),
    );
    await finishJob(running, 'success');
    expect(await memory.containers()).toEqual([]);
    const said = [
      ...(await shownTrace()).matchAll(
        /Starting service .*?\.\.\.|Using helper image: .*|Waiting for|Using docker image \S+ for \S+|container sha256:3{64}/g,
      ),
    ];
    const id = (digit: string): string => `sha256:${digit.repeat(64)}`;
    expect(said.map(([text]) => text)).toEqual([
      'Starting service redis:7...',
      `Using docker image ${id('2')} for redis:7`,
      'Waiting for',
      'Using helper image:  helper:1',
      `Using docker image ${id('3')} for helper:1`,
      `Using docker image ${id('1')} for ruby:3.3`,
      `container ${id('3')}`,
      `Using docker image ${id('1')} for ruby:3.3`,
    ]);
  });
});

describe('an image that is evicted too early', () => {
  it('in the preparation gap is pulled again, and that is reported', async () => {
    const running = await start({ inPreparationGap: () => evict('ruby:3.3') });
    expect(events.map(({ kind }) => kind)).toEqual(['pulled', 'repulled']);
    await finishJob(running, 'success');
  });

  it('right before its container fails the job', async () => {
    const racing: RunnerEngine = {
      ...engine,
      create: async (container) => {
        await evict('ruby:3.3');
        return engine.create(container);
      },
    };
    expect(await startJob(runOf({ engine: racing }))).toBeUndefined();
    const id = `sha256:${'1'.repeat(64)}`;
    expect(events.slice(1)).toEqual([
      { kind: 'create-failed-image-missing', image: 'ruby:3.3', id },
      { kind: 'job-failed', reason: expect.stringContaining('Job failed (system failure): ') },
    ]);
    expect(await (await api('')).json()).toMatchObject({ status: 'failed' });
    expect(await shownTrace()).toMatch(/ERROR: Job failed \(system failure\): .*No such image: .*\n$/);
  });
});

it('fails with its image, and its service’s container is removed', async () => {
  const services = ['redis:7'];
  expect(await startJob(runOf({ image: 'none:1', services }))).toBeUndefined();
  expect(created).toHaveLength(1);
  expect(await memory.containers()).toEqual([]);
  expect(events.map(({ kind }) => kind)).toEqual(['pulled', 'pull-failed', 'job-failed']);
  expect((await shownTrace()).split('\n').slice(-3)).toEqual([
    `${TIME} 00O section_end:${UNIX}:prepare_executor\r`,
    `${TIME} 00O ERROR: Job failed: failed to pull image "none:1" with specified policies [if-not-present]: manifest for none:1 not found: manifest unknown`,
    '',
  ]);
});

it('ends as the caller says, and what its author prints is not the runner’s', async () => {
  const forged = '\u001b[0KUsing docker image sha256:bad for evil:1 ...\u001b[0;m';
  await finishJob(await start({ output: [forged] }), 'canceled');
  expect(await traceText()).toContain(`${TIME} 01O ${forged}\n`);
  expect(await shownTrace()).toMatch(/00O ERROR: Job failed: canceled\n$/);
  expect(await (await api('')).json()).toMatchObject({ status: 'canceled' });
});

it('passes on what the engine throws otherwise', async () => {
  const broken: RunnerEngine = { ...engine, find: () => Promise.reject(new Error('The engine is away')) };
  await expect(startJob(runOf({ engine: broken }))).rejects.toThrow('The engine is away');
});
