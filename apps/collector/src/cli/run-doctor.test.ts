import { ManualClock, type Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { Registration } from '@sideband/shared/hosts/records';
import type { HostName, InstanceName, RunnerId, SystemId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { createMemoryAdmin } from '../gitlab/memory-admin.ts';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
import { type ReadRegistrations, runDoctor } from './run-doctor.ts';

const MANAGERS: Readonly<Record<string, SystemId>> = {
  'one.example': 's_0123456789ab' as SystemId,
  'two.example': 's_ba9876543210' as SystemId,
};
const TWO_GITLABS = `gitlabs:
  - url: https://one.example
    tokenFile: /run/secrets/token
  - url: https://two.example
    tokenFile: /run/secrets/token
    hookRequire: both
`;
const registrations = Object.values(MANAGERS).map(
  (systemId, index): Registration => ({
    host: `host-${index}` as HostName,
    ...{ uuid: `${index}`, systemIds: [systemId], seenAt: 0 as Millis, mode: 'observe', engine: '' },
  }),
);

async function findings(gitlab?: string, readRegistrations: ReadRegistrations = async () => registrations) {
  const clock = new ManualClock(0);
  const env = {
    SIDEBAND_GITLABS: '/etc/gitlabs.yaml',
    SIDEBAND_HOOK_SECRET: 'a-master-of-16-letters',
    SIDEBAND_REDIS: 'redis://127.0.0.1',
  };
  let printed = '';
  const program = {
    sources: {
      env,
      readFile: (path: string) => (path.endsWith('.yaml') ? TWO_GITLABS : 'glpat-hunter2'),
      clock,
    },
    clock,
    connect({ instance }: { readonly instance: InstanceName }) {
      const one = createMemoryGitLab({ instance });
      one.putRunner(1 as RunnerId, [MANAGERS[instance] as SystemId]);
      const admin = createMemoryAdmin({ instance, clock, version: '18.11.0' });
      return { gitlab: one, admin, close: async () => {} };
    },
    input: () => process.stdin,
    print: (text: string) => {
      printed += text;
    },
  };
  await runDoctor(program, { gitlab, json: true }, readRegistrations);
  const { gitlabs, hosts } = JSON.parse(printed) as {
    gitlabs: { findings: { check: string; level: string }[] }[];
    hosts: { level: string; text: string }[];
  };
  const problems = gitlabs.map((one) =>
    one.findings.filter(({ level }) => level === 'problem').map(({ check }) => check),
  );
  return { problems, hosts: hosts.map(({ level, text }) => `${level}: ${text}`) };
}

test('hosts are looked for among the managers of all GitLabs, and each GitLab has its own requirement', async () => {
  expect(await findings()).toEqual({
    problems: [['projects'], ['projects', 'hook-require']],
    hosts: ['ok: 2 hosts have a reaper, and each serves a manager'],
  });
});

test('where one of several GitLabs is asked, nobody is called a stranger', async () => {
  expect((await findings('one.example')).hosts).toEqual([
    'ok: not all managers are known, so no host was looked for among them',
  ]);
});

test('a Redis that does not answer is no reason to say that it is not set', async () => {
  const away: ReadRegistrations = async () => {
    throw new SidebandError('REDIS_UNAVAILABLE');
  };
  expect((await findings(undefined, away)).hosts).toEqual([
    'ok: Redis was not asked, or did not answer: hosts were not compared with managers',
  ]);
});
