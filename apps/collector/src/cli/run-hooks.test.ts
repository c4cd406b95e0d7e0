import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import type { GitLabAdmin } from '../gitlab/hooks-port.ts';
import { createMemoryAdmin } from '../gitlab/memory-admin.ts';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
import { parseCommand } from './parse-command.ts';
import { runHooks } from './run-hooks.ts';

const instance = 'gitlab.example' as InstanceName;
const project = 42 as ProjectId;

function fixture(version = '19.3.0-ee', env: Readonly<Record<string, string>> = {}) {
  const clock = new ManualClock(0);
  const admin = createMemoryAdmin({
    ...{ instance, clock, version },
    projects: { 'group/a': 41, 'group/b': 42, 'group/c': 43 },
  });
  const settings = {
    SIDEBAND_GITLAB_URL: 'https://gitlab.example',
    SIDEBAND_GITLAB_TOKEN: 'glpat-hunter2',
    SIDEBAND_HOOK_SECRET: 'a-master-of-16-letters',
    SIDEBAND_PUBLIC_URL: 'https://sideband.example',
    ...env,
  };
  const printed: string[] = [];
  const run = async (words: string, as: GitLabAdmin = admin) => {
    const command = parseCommand(['hooks', ...words.split(' ')]);
    if (!command.ok || command.value.kind !== 'hooks') throw new Error(`${words} is no command`);
    printed.length = 0;
    const program = {
      sources: { env: settings, readFile: () => '', clock },
      clock,
      connect: () => ({ gitlab: createMemoryGitLab({ instance }), admin: as, close: async () => {} }),
      input: () => process.stdin,
      print: (text: string) => void printed.push(text),
    };
    return { code: await runHooks(program, command.value), text: printed.join('') };
  };
  return { admin, run, printed };
}

/** The same, but the hooks of one project answer with an error. */
function failingFor(admin: GitLabAdmin, failing: number, error: SidebandError): GitLabAdmin {
  return {
    ...admin,
    async hooks(owner) {
      if (owner.kind === 'project' && owner.project === failing) throw error;
      return await admin.hooks(owner);
    },
  };
}

const THREE = '--project 41 --project 42 --project 43';

test('an odd answer for one project does not stop the others', async () => {
  const { admin, run } = fixture();
  const odd = failingFor(admin, 42, new SidebandError('GITLAB_UNAVAILABLE', { status: 500 }));
  const { code, text } = await run(`install ${THREE} --apply`, odd);
  expect(code).toBe(1);
  expect(text.match(/has its hook now/g)).toHaveLength(2);
  expect(text).toContain('project 42         failed: GITLAB_UNAVAILABLE');
  expect(text).toContain('(status 500)');
});

test('a GitLab that goes away stops it, and what was done is told', async () => {
  const { admin, run, printed } = fixture();
  const away = failingFor(admin, 42, new SidebandError('GITLAB_UNAVAILABLE', { reason: 'time-out' }));
  for (const action of ['install', 'verify', 'remove']) {
    await expect(run(`${action} ${THREE} --json`, away)).rejects.toMatchObject({
      code: 'GITLAB_UNAVAILABLE',
    });
    expect(JSON.parse(printed.join(''))).toMatchObject({
      complete: false,
      owners: [{ owner: { kind: 'project', project: 41 } }],
    });
  }
  expect(JSON.parse((await run(`install ${THREE} --json`)).text)).toMatchObject({ complete: true });
});

test('why GitLab takes no hook is said in its place', async () => {
  const { admin, run } = fixture();
  admin.fail('addHook', new SidebandError('GITLAB_REFUSED', { status: 422, problem: 'no such address' }));
  const { code, text } = await run('install --project 42 --apply');
  expect([code, text]).toEqual([1, expect.stringContaining('failed: GITLAB_REFUSED')]);
  expect(text).toContain('(no such address)');
});

test.each(['signature', 'both'])(
  'a GitLab that does not sign is a problem where %s is wanted',
  async (SIDEBAND_HOOK_REQUIRE) => {
    const { run } = fixture('18.11.0', { SIDEBAND_HOOK_REQUIRE });
    for (const action of ['install', 'verify']) {
      const { code, text } = await run(`${action} --project 42${action === 'install' ? ' --apply' : ''}`);
      expect([code, text]).toEqual([
        1,
        expect.stringMatching(/^PROBLEM .*every hook of this one is refused/),
      ]);
      const json = JSON.parse((await run(`${action} --project 42 --json`)).text);
      expect(json.problems).toEqual([expect.stringContaining('SIDEBAND_HOOK_REQUIRE wants signatures')]);
    }
    expect((await fixture('19.0.0', { SIDEBAND_HOOK_REQUIRE }).run('install --project 42')).text).not.toMatch(
      /PROBLEM/,
    );
  },
);

test('a GitLab that does not say with which secret a hook was made: neither does verify', async () => {
  const old = fixture('16.11.0');
  await old.run('install --project 42 --apply');
  const { code, text } = await old.run('verify --project 42');
  expect(code).toBe(0);
  expect(text).toContain('is as it should be, as far as GitLab tells (not with which secret it was made)');

  const { run } = fixture();
  await run('install --project 42 --apply');
  expect((await run('verify --project 42')).text).toMatch(/is as it should be\n$/);
});

test('what a stranger wrote into a hook cannot move the cursor, in JSON either', async () => {
  const { admin, run } = fixture();
  await run('install --project 42 --apply');
  const [hook] = await admin.hooks({ kind: 'project', project });
  admin.alterHook({ kind: 'project', project }, hook?.id ?? 0, { description: 'a\u009b2J\u202eb' });
  const { text } = await run('list --project 42 --json');
  expect(text).toContain(String.raw`a\u009b2J\u202eb`);
  expect(text).toMatch(/^[^\p{Cc}]+\n$/u);
});

test('secrets for a hook that is made by hand come with the description that names them', async () => {
  const { text } = await fixture().run('secret --project 42');
  expect(text).toMatch(/^Description {4}Tells Sideband of jobs\. Secret [0-9a-f]{8}$/m);
});
