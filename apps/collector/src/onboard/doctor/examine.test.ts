import { ManualClock, type Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { Registration } from '@sideband/shared/hosts/records';
import type { HostName, InstanceName, JobId, ProjectId, RunnerId, SystemId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import type { TokenInfo } from '../../gitlab/hooks-port.ts';
import { createMemoryAdmin } from '../../gitlab/memory-admin.ts';
import { createMemoryGitLab } from '../../gitlab/memory-gitlab.ts';
import { installHook } from '../install-hooks.ts';
import { examine } from './examine.ts';

const instance = 'gitlab.example' as InstanceName;
const project = 42 as ProjectId;
const job = 1 as JobId;
const commit = 'a'.repeat(40);
const NOW = Date.UTC(2026, 10, 22) as Millis;
const DAY = 86_400_000;
const MANAGER = 's_0123456789ab' as SystemId;
const target = { instance, publicUrl: 'https://sideband.example', master: 'a-master-of-16-letters' };

interface Options {
  readonly version?: string;
  readonly token?: TokenInfo | 'unknown';
  readonly managers?: readonly SystemId[] | 'hidden';
  readonly reapers?: readonly SystemId[];
  readonly clockMs?: number;
}

async function fixture(options: Options = {}) {
  const clock = new ManualClock(NOW);
  const gitlab = createMemoryGitLab({ instance });
  const admin = createMemoryAdmin({
    instance,
    clock: new ManualClock(options.clockMs ?? NOW),
    projects: { 'group/app': 42 },
    ...(options.version === undefined ? {} : { version: options.version }),
    token: options.token ?? { name: 'sideband', scopes: ['api'], expiresAt: undefined },
  });
  const started = (NOW - DAY) as Millis;
  gitlab.put({ project, id: job, status: 'success', startedAt: started, systemId: MANAGER, commit });
  gitlab.setTrace(project, job, 'Running with gitlab-runner 19.3.0 (abcdef12)\n');
  gitlab.setConfiguration(project, commit, { yaml: 'job: {}' });
  gitlab.putRunner(1 as RunnerId, options.managers ?? [MANAGER]);
  await installHook(admin, target, { kind: 'project', project }, { apply: true, signs: true });
  const reapers = (options.reapers ?? [MANAGER]).map(
    (systemId, index): Registration => ({
      host: `host-${index}` as HostName,
      ...{ uuid: `${index}`, systemIds: [systemId], seenAt: NOW, mode: 'observe', engine: '' },
    }),
  );
  const find = async (patient: Partial<Parameters<typeof examine>[0]> = {}) => {
    const { findings } = await examine({
      ...{ gitlab, admin, target, wantsSignature: false, registrations: reapers, clock },
      ...patient,
    });
    return findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${level} ${check}`);
  };
  return { gitlab, admin, find };
}

test('where all is well there is nothing to say', async () => {
  expect(await (await fixture()).find()).toEqual([]);
});

test.each<[string, Options, string[]]>([
  ['an old GitLab', { version: '15.11.0' }, ['problem gitlab-version']],
  ['a clock that is 40 s off', { clockMs: NOW - 40_000 }, ['warning clock']],
  ['a clock that is an hour off', { clockMs: NOW + 3_600_000 }, ['problem clock']],
  [
    'a token that reads',
    { token: { name: 'x', scopes: ['read_api'], expiresAt: undefined } },
    ['warning token-scopes'],
  ],
  [
    'a token that reads no API',
    { token: { name: 'x', scopes: ['read_repository'], expiresAt: undefined } },
    ['problem token-scopes'],
  ],
  [
    'a token that ends soon',
    { token: { name: 'x', scopes: ['api'], expiresAt: (NOW + DAY) as Millis } },
    ['warning token-expiry'],
  ],
  [
    'a token that has ended',
    { token: { name: 'x', scopes: ['api'], expiresAt: (NOW - 1) as Millis } },
    ['problem token-expiry'],
  ],
  ['a token that cannot say', { token: 'unknown' }, ['warning token-scopes']],
  ['hidden managers', { managers: 'hidden' }, ['warning managers']],
  ['a manager without a reaper', { reapers: [] }, ['warning reapers']],
])('%s is found', async (_, options, found) => {
  expect(await (await fixture(options)).find()).toEqual(found);
});

test('what is refused is found, with what that costs', async () => {
  const refused = new SidebandError('GITLAB_REFUSED');
  const { gitlab, admin, find } = await fixture();
  gitlab.fail('trace', refused);
  gitlab.fail('configuration', refused);
  gitlab.fail('runners', refused);
  admin.fail('hooks', refused);
  expect(await find()).toEqual([
    'warning traces',
    'warning configuration',
    'warning runners',
    'warning hooks-hidden',
  ]);
});

test('hooks that are missing or wrong are found', async () => {
  const { gitlab, admin, find } = await fixture();
  const [hook] = await admin.hooks({ kind: 'project', project });
  admin.alterHook({ kind: 'project', project }, hook?.id ?? 0, { state: 'disabled' });
  expect(await find()).toEqual(['warning hooks-wrong']);
  await admin.removeHook({ kind: 'project', project }, hook?.id ?? 0);
  expect(await find()).toEqual(['warning hooks-missing']);
  expect(await find({ target: undefined })).toEqual(['warning hooks']);
  gitlab.fail('projects', new SidebandError('GITLAB_UNAVAILABLE', { reason: 'time-out' }));
  expect(await find({ target: undefined })).toEqual(['problem gitlab']);
});

test('a token without a project can do nothing', async () => {
  const { find } = await fixture();
  expect(await find({ gitlab: createMemoryGitLab({ instance }) })).toEqual([
    'problem projects',
    'warning runners',
  ]);
});

test('a GitLab that does not sign cannot send what is wanted', async () => {
  const old = await fixture({ version: '18.11.0' });
  expect(await old.find({ wantsSignature: true })).toEqual(['problem hook-require']);
  expect(await old.find()).toEqual([]);
  expect(await (await fixture()).find({ wantsSignature: true })).toEqual([]);
});

test('a system hook that is wrong is found, where the token may see it', async () => {
  const { admin, find } = await fixture();
  const system = { kind: 'system' } as const;
  await installHook(admin, target, system, { apply: true, signs: true });
  expect(await find()).toEqual([]);
  const [hook] = await admin.hooks(system);
  admin.alterHook(system, hook?.id ?? 0, { verifiesTls: false });
  expect(await find()).toEqual(['warning system-hook']);
});
