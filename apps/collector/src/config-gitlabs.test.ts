import { ManualClock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import { expect, test } from 'vitest';
import { type CollectorConfig, readConfig } from './config.ts';

const FILE = '/etc/sideband/gitlabs.yaml';
const least = {
  SIDEBAND_REDIS: 'redis://127.0.0.1',
  SIDEBAND_GITLABS: FILE,
  SIDEBAND_HOOK_SECRET: 'one-secret-for-all',
};
const GOOD = `gitlabs:
  - url: https://gitlab.example.com
    tokenFile: /run/secrets/token
  - url: https://git.example.org/lab
    name: org
    tokenFile: /run/secrets/token
    requestsPerMinute: 120
    hookSecretFile: /run/secrets/own
    hookRequire: signature
    hookAllow: [192.0.2.0/24, '2001:db8::/32']
`;

function read(yaml: string, more: Record<string, string> = {}): CollectorConfig | string[] {
  const files: Record<string, string> = {
    [FILE]: yaml,
    '/run/secrets/token': 'glpat-hunter2',
    '/run/secrets/own': 'a-secret-of-its-own',
  };
  try {
    return readConfig({ ...least, ...more }, (path) => {
      const text = files[path];
      if (text === undefined) throw new Error('ENOENT');
      return text;
    });
  } catch (error) {
    if (!isSidebandError(error, 'CONFIG_INVALID')) throw error;
    const problems = error.details['problems'] as { setting: string; problem: string }[];
    return problems.map(({ setting, problem }) => `${setting}: ${problem}`);
  }
}

test('several GitLabs, each with what is said of it', () => {
  const config = read(GOOD);
  if (Array.isArray(config)) throw new Error(config.join('\n'));
  expect(config.gitLabs).toMatchObject([
    { instance: 'gitlab.example.com', requestsPerMinute: 600, hooks: { require: 'either' } },
    {
      instance: 'org',
      url: 'https://git.example.org/lab',
      requestsPerMinute: 120,
      hooks: { require: 'signature', allow: ['192.0.2.0/24', '2001:db8::/32'] },
    },
  ]);
  expect(config.gitLabs.map(({ hooks }) => hooks.masters())).toEqual([
    ['one-secret-for-all'],
    ['a-secret-of-its-own'],
  ]);
});

test.each([
  ['no list', 'gitlabs: 5', [`${FILE}:1: expected one key, \`gitlabs\`, with a list of GitLabs`]],
  ['broken YAML', 'gitlabs: [', [expect.stringContaining(`${FILE}:1: `)]],
  [
    'a key that is none',
    'gitlabs:\n  - url: https://a.example\n    tokenFile: /run/secrets/token\n    token: glpat-x\n',
    [`${FILE}:4: gitlabs[0]: "token" is no setting of a GitLab`],
  ],
  [
    'what is wrong in each, with its line',
    'gitlabs:\n  - url: a.example\n    tokenFile: /nowhere\n  - url: https://b.example\n',
    [
      expect.stringContaining(`${FILE}:2: gitlabs[0].url: is "a.example"`),
      expect.stringContaining(`${FILE}:3: gitlabs[0].tokenFile: names a file`),
      expect.stringContaining(`${FILE}:4: gitlabs[1].tokenFile: is not set`),
    ],
  ],
  [
    'two of one name',
    'gitlabs:\n  - &a\n    url: https://a.example\n    tokenFile: /run/secrets/token\n  - *a\n',
    [expect.stringContaining(`${FILE}:5: gitlabs[1] is no map`)],
  ],
  [
    'two of one host',
    'gitlabs:\n  - {url: "https://a.example/x", tokenFile: /run/secrets/token}\n  - {url: "https://a.example/y", tokenFile: /run/secrets/token}\n',
    [`${FILE}: two GitLabs are named a.example: name one of them`],
  ],
])('refuses %s', (_, yaml, problems) => {
  expect(read(yaml)).toEqual(problems);
});

test('refuses a file beside a GitLab of the environment, and a file that is not there', () => {
  expect(read(GOOD, { SIDEBAND_GITLAB_URL: 'https://c.example' })).toEqual([
    expect.stringContaining('SIDEBAND_GITLAB_URL: is set, and so is SIDEBAND_GITLABS'),
  ]);
  expect(read(GOOD, { SIDEBAND_GITLABS: '/nowhere' })).toEqual(['SIDEBAND_GITLABS: cannot be read: ENOENT']);
});

test('a secret’s file that is spoilt later is told of by where it is named', () => {
  const clock = new ManualClock(0);
  const files: Record<string, string> = {
    [FILE]: GOOD,
    '/run/secrets/token': 'glpat-hunter2',
    '/run/secrets/own': 'a-secret-of-its-own',
  };
  const told: unknown[] = [];
  const { gitLabs } = readConfig(least, (path) => files[path] ?? '', {
    clock,
    onRefused: (setting, message) => told.push([setting, message]),
  });
  files['/run/secrets/own'] = '';
  clock.advance(5_000);
  expect(gitLabs[1]?.hooks.masters()).toEqual(['a-secret-of-its-own']);
  expect(told).toEqual([[`${FILE}:8: gitlabs[1].hookSecretFile`, 'the text in "/run/secrets/own" is empty']]);
});
