import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitLabStandIn, startGitLab } from '@sideband/infra/testkit/gitlab/stand-in';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import type { ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createProgram } from './create-program.ts';
import { parseCommand } from './parse-command.ts';
import type { Program } from './program.ts';
import { runDoctor } from './run-doctor.ts';
import { runHooks } from './run-hooks.ts';
import { runTrace } from './run-trace.ts';

const TOKEN = 'glpat-api-hunter2';
const READER = 'glpat-read-hunter2';
const MASTER = 'a-master-secret-hunter2';
const ID = `sha256:${'a'.repeat(64)}`;
const TRACE = `Running with gitlab-runner 19.3.0 (abcdef12)
  on builder t1_abcdef, system ID: s_0123456789ab
Preparing the "docker" executor
Using Docker executor with image ruby:3.3 ...
Using docker image ${ID} for ruby:3.3 ...
Preparing environment
`;

let gitlab: GitLabStandIn;
let app: ProjectId;
let env: Record<string, string>;

beforeAll(async () => {
  gitlab = await startGitLab({
    token: 'glpat-of-the-panel',
    tokens: [
      { token: TOKEN, scopes: ['api'], role: 'admin' },
      { token: READER, scopes: ['read_api'], role: 'reporter' },
    ],
  });
  gitlab.createGroup({ path: 'team' });
  app = gitlab.createProject({ path: 'team/app' });
  gitlab.createProject({ path: 'team/lib' });
});
afterAll(() => gitlab.stop());
beforeEach(() => {
  env = {
    SIDEBAND_GITLAB_URL: gitlab.url,
    SIDEBAND_GITLAB_NAME: 'gitlab.example',
    SIDEBAND_GITLAB_TOKEN: TOKEN,
    SIDEBAND_HOOK_SECRET: MASTER,
    SIDEBAND_PUBLIC_URL: 'https://sideband.example',
  };
});

async function run(...words: string[]): Promise<{ code: number; text: string }> {
  const printed: string[] = [];
  const program: Program = { ...createProgram(env), print: (more) => void printed.push(more) };
  const done = async (code: Promise<number>): Promise<{ code: number; text: string }> => ({
    code: await code,
    text: printed.join(''),
  });
  const command = parseCommand(words);
  if (!command.ok) throw new Error(command.error.message);
  switch (command.value.kind) {
    case 'trace':
      return await done(runTrace(program, command.value.source, command.value));
    case 'hooks':
      return await done(runHooks(program, command.value));
    case 'doctor':
      return await done(runDoctor(program, command.value, async () => []));
    default:
      throw new Error(`${words.join(' ')} is no command of these tests`);
  }
}

describe('hooks', () => {
  test('are installed for a whole instance: first said, then done, then kept', async () => {
    const said = await run('hooks', 'install', '--instance', '--group', 'team');
    expect(said.text).toContain('instance           would get a hook');
    expect(said.text).toContain(`project ${app}          would get a hook`);
    expect(said.text).toContain('Nothing was changed. Do it with --apply.');

    const done = await run('hooks', 'install', '--instance', '--group', 'team', '--apply');
    expect([done.code, done.text.match(/has its hook now, signed/g)?.length]).toEqual([0, 4]);

    const again = await run('hooks', 'install', '--instance', '--group', 'team', '--apply');
    expect([again.code, again.text.match(/keeps hook/g)?.length]).toEqual([0, 4]);
    expect(`${said.text}${done.text}`).not.toContain('hunter2');
  });

  test('that are well are verified, and exit 0; one that is not, exits 1 and says why', async () => {
    const well = await run('hooks', 'verify', '--project', 'team/app');
    expect([well.code, well.text]).toEqual([0, expect.stringContaining('is as it should be')]);
    env['SIDEBAND_PUBLIC_URL'] = 'https://elsewhere.example';
    const moved = await run('hooks', 'verify', '--project', String(app), '--json');
    expect(moved.code).toBe(1);
    expect(JSON.parse(moved.text)).toMatchObject({
      owners: [
        { owner: { kind: 'project', project: app }, hooks: [{ problems: [{ reason: 'other-address' }] }] },
      ],
    });
    expect((await run('hooks', 'install', '--project', String(app), '--apply')).text).toContain(
      'hook mended',
    );
    expect((await run('hooks', 'verify', '--project', String(app))).code).toBe(0);
  });

  test('are refused to a token that only reads, with what it would take', async () => {
    env['SIDEBAND_GITLAB_TOKEN'] = READER;
    const refused = await run('hooks', 'install', '--project', 'team/app', '--apply');
    expect([refused.code, refused.text]).toEqual([1, expect.stringMatching(/refused: GITLAB_REFUSED.*api/)]);
  });

  test('are removed, ours only', async () => {
    gitlab.registerHook({ kind: 'project', project: app }, { url: 'http://127.0.0.1:1/chat' });
    expect((await run('hooks', 'remove', '--project', 'team/app')).text).toContain('would remove hook');
    expect((await run('hooks', 'remove', '--project', 'team/app', '--apply')).text).toContain('hook removed');
    expect((await run('hooks', 'list', '--project', 'team/app')).text).toContain('has no hook');
  });

  test('that somebody installs by hand get address and secrets, also the file hook', async () => {
    const { text } = await run('hooks', 'secret', '--project', 'team/app', '--file', '--json');
    const [ofProject, ofFile] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(ofProject).toMatchObject({
      url: `https://sideband.example/hooks/gitlab.example/projects/${app}`,
      secretToken: expect.stringMatching(/^[\w-]{43}$/),
      signingToken: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    expect(ofFile.url).toBe('https://sideband.example/hooks/gitlab.example/file');
    expect(ofFile.secretToken).not.toBe(ofProject.secretToken);
  });

  test('want to know where GitLab reaches the collector', async () => {
    delete env['SIDEBAND_PUBLIC_URL'];
    await expect(run('hooks', 'list', '--project', 'team/app')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [{ setting: 'SIDEBAND_PUBLIC_URL' }] },
    });
  });
});

describe('trace', () => {
  const expected = {
    systemId: 's_0123456789ab',
    executor: 'docker',
    images: [{ role: 'build', reference: 'ruby:3.3', id: ID }],
    complete: true,
  };

  test('reads a file', async () => {
    const { path, remove } = await temporaryDirectory('trace');
    await writeFile(join(path, 'job.log'), TRACE);
    const { code, text } = await run('trace', join(path, 'job.log'), '--json');
    expect([code, JSON.parse(text)]).toMatchObject([0, expected]);
    await remove();
  });

  test('reads a job by its address, and nothing but a job of the GitLab that is configured', async () => {
    const job = gitlab.createJob({ project: app, name: 'test' });
    gitlab.pending(job);
    gitlab.running(job, { systemId: 's_0123456789ab' });
    gitlab.writeTrace(job, TRACE);
    const { text } = await run('trace', `${gitlab.url}/team/app/-/jobs/${job}`, '--json');
    expect(JSON.parse(text)).toMatchObject(expected);
    expect((await run('trace', `${gitlab.url}/team/app/-/jobs/${job}`)).text).toContain('ruby:3.3');
    for (const address of [
      `http://elsewhere.example/team/app/-/jobs/${job}`,
      `${gitlab.url}/team/app/-/pipelines/${job}`,
      `${gitlab.url}/team/app/-/jobs/${job}x`,
      `${gitlab.url}/team/100%/-/jobs/${job}`,
    ]) {
      await expect(run('trace', address)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });
});

describe('doctor', () => {
  test('says what a token that only reads costs, and shows no secret', async () => {
    env['SIDEBAND_GITLAB_TOKEN'] = READER;
    env['SIDEBAND_REDIS'] = 'redis://:hunter2@127.0.0.1:1';
    const { code, text } = await run('doctor');
    expect(code).toBe(0);
    expect(text).toContain('Redis answers; 0 hosts have a reaper');
    expect(text).toMatch(/warning {2}the token ".*" has the scopes "read_api": it can read only/);
    expect(text).not.toContain('hunter2');
  });

  test('exits 1 where GitLab does not let us in', async () => {
    env['SIDEBAND_GITLAB_TOKEN'] = 'glpat-unknown';
    const { code, text } = await run('doctor', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      gitlabs: [{ findings: [{ level: 'problem', check: 'gitlab' }] }],
    });
  });
});
