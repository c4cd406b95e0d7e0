import { inspect } from 'node:util';
import { isSidebandError } from '@sideband/shared/errors';
import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import type { Environment } from './config-secret.ts';

const least = {
  SIDEBAND_REDIS: 'redis://:redis-hunter2@127.0.0.1:6379',
  SIDEBAND_GITLAB_URL: 'https://gitlab.example.com/',
  SIDEBAND_GITLAB_TOKEN: 'glpat-hunter2',
  SIDEBAND_HOOK_SECRET_FILE: '/run/secrets/hook',
};

const CA = '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n';

function readFile(path: string): string {
  if (path === '/etc/ca.pem') return CA;
  if (path === '/etc/motd') return 'Welcome';
  if (path === '/run/secrets/hook') return 'hook-hunter2-hunter2\n';
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
}

/** Setting → what is wrong with it. */
function problems(env: Environment): Record<string, string> {
  try {
    readConfig(env, readFile);
  } catch (error) {
    if (!isSidebandError(error, 'CONFIG_INVALID')) throw error;
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
    const found = error.details['problems'] as { setting: string; problem: string }[];
    return Object.fromEntries(found.map(({ setting, problem }) => [setting, problem]));
  }
  return {};
}

test('needs four settings; the rest have defaults', () => {
  const config = readConfig({ ...least, PATH: '/usr/bin' }, readFile);
  expect(config).toEqual({
    redisUrl: expect.any(Function),
    listen: { host: '127.0.0.1', port: 8080 },
    gitLabs: [
      {
        url: 'https://gitlab.example.com',
        instance: 'gitlab.example.com',
        token: expect.any(Function),
        ca: undefined,
        proxy: undefined,
        requestsPerMinute: 600,
        hooks: { masters: expect.any(Function), require: 'either', allow: undefined },
      },
    ],
    publicUrl: undefined,
    proxyDepth: 0,
    password: undefined,
    reconcileEveryMs: 3_600_000,
    lookBackMs: 7 * 86_400_000,
    backFillMs: 7 * 86_400_000,
    metrics: undefined,
    logLevel: 'info',
  });
  const [gitLab] = config.gitLabs;
  expect([config.redisUrl(), gitLab?.token(), gitLab?.hooks.masters()]).toEqual([
    'redis://:redis-hunter2@127.0.0.1:6379',
    'glpat-hunter2',
    ['hook-hunter2-hunter2'],
  ]);
});

test('takes every setting', () => {
  const config = readConfig(
    {
      ...least,
      SIDEBAND_LISTEN: '[::]:80',
      SIDEBAND_GITLAB_NAME: 'work',
      SIDEBAND_GITLAB_CA_FILE: '/etc/ca.pem',
      SIDEBAND_GITLAB_PROXY: 'http://user:hunter2@proxy:3128',
      SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: '1200',
      SIDEBAND_HOOK_REQUIRE: 'both',
      SIDEBAND_HOOK_ALLOW: '10.0.0.0/8, fd00::/8,192.0.2.1',
      SIDEBAND_PUBLIC_URL: 'https://sideband.example.com/',
      SIDEBAND_PROXY_DEPTH: '1',
      SIDEBAND_METRICS: '127.0.0.1:9106',
      SIDEBAND_BACK_FILL: '30d',
      SIDEBAND_PASSWORD: 'hunter2',
      SIDEBAND_RECONCILE_EVERY: '90s',
      SIDEBAND_LOOK_BACK: '2d12h',
      SIDEBAND_LOG_LEVEL: 'debug',
    },
    readFile,
  );
  expect(config).toMatchObject({
    listen: { host: '::', port: 80 },
    gitLabs: [
      {
        instance: 'work',
        ca: CA,
        requestsPerMinute: 1_200,
        hooks: { require: 'both', allow: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'] },
      },
    ],
    publicUrl: 'https://sideband.example.com',
    proxyDepth: 1,
    metrics: { host: '127.0.0.1', port: 9_106 },
    reconcileEveryMs: 90_000,
    lookBackMs: 216_000_000,
    backFillMs: 30 * 86_400_000,
    logLevel: 'debug',
  });
  expect(config.password?.()).toBe('hunter2');
  expect(config.gitLabs[0]?.proxy?.()).toBe('http://user:hunter2@proxy:3128');
  expect(inspect(config, { depth: 9, showHidden: true })).not.toContain('hunter2');
});

test('shows no secret, however it is printed', () => {
  const config = readConfig({ ...least, SIDEBAND_PASSWORD: 'hunter2' }, readFile);
  expect(inspect(config, { depth: 9, showHidden: true, getters: true })).not.toContain('hunter2');
  expect(JSON.stringify(config)).not.toContain('hunter2');
});

test('an empty variable is one that is not set', () => {
  const empty = {
    SIDEBAND_PASSWORD: '',
    SIDEBAND_LISTEN: '',
    SIDEBAND_HOOK_SECRET: '',
    SIDEBAND_LOG_LEVEL: '',
  };
  expect(readConfig({ ...least, ...empty }, readFile)).toMatchObject({
    password: undefined,
    listen: { port: 8080 },
    logLevel: 'info',
  });
});

test('takes an environment that the reaper shares', () => {
  expect(
    problems({ ...least, SIDEBAND_POLICY: '/etc/sideband/policy.yaml', SIDEBAND_HOST: 'runner-1' }),
  ).toEqual({});
});

describe('refuses', () => {
  test('an empty environment, naming all that is needed', () => {
    expect(Object.keys(problems({}))).toEqual([
      'SIDEBAND_REDIS',
      'SIDEBAND_GITLAB_URL',
      'SIDEBAND_GITLAB_TOKEN',
      'SIDEBAND_HOOK_SECRET',
    ]);
  });

  test('all that is wrong at once, each with the forms it may have', () => {
    const found = problems({
      SIDEBAND_REDIS: 'http://:hunter2@redis',
      SIDEBAND_LISTEN: '8080',
      SIDEBAND_GITLAB_URL: 'gitlab.example.com',
      SIDEBAND_GITLAB_NAME: 'My GitLab',
      SIDEBAND_GITLAB_TOKEN_FILE: '/nowhere',
      SIDEBAND_HOOK_SECRET: 'hunter2 hunter2',
      SIDEBAND_PASSWORD: 'hunter2\n',
      SIDEBAND_RECONCILE_EVERY: '300',
      SIDEBAND_LOOK_BACK: '1y',
      SIDEBAND_LOG_LEVEL: 'loud',
      SIDEBAND_GITLAB_CA_FILE: '/etc/motd',
      SIDEBAND_GITLAB_PROXY: 'socks5://user:hunter2@proxy',
      SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: '600/min',
      SIDEBAND_HOOK_REQUIRE: 'nothing',
      SIDEBAND_HOOK_ALLOW: '10.0.0.0/33',
      SIDEBAND_PROXY_DEPTH: '11',
      SIDEBAND_GITLAB_TOKN: 'hunter2',
    });
    expect(found).toEqual({
      SIDEBAND_REDIS: expect.stringContaining('expected redis://'),
      SIDEBAND_LISTEN: expect.stringContaining('is "8080", expected address:port'),
      SIDEBAND_GITLAB_URL: expect.stringContaining('expected https://'),
      SIDEBAND_GITLAB_NAME: expect.stringContaining('a-z, 0-9, dot and hyphen'),
      SIDEBAND_GITLAB_TOKEN: 'names a file that cannot be read: ENOENT',
      SIDEBAND_HOOK_SECRET: expect.stringContaining('holds a space'),
      SIDEBAND_PASSWORD: expect.stringContaining('a line break'),
      SIDEBAND_RECONCILE_EVERY: expect.stringContaining('"300" is no duration'),
      SIDEBAND_LOOK_BACK: expect.stringContaining('7d'),
      SIDEBAND_LOG_LEVEL: expect.stringContaining('expected trace, debug'),
      SIDEBAND_GITLAB_CA_FILE: 'names a file that holds no certificate in PEM',
      SIDEBAND_GITLAB_PROXY: expect.stringContaining('is no address of a proxy'),
      SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: 'is "600/min", expected a whole number from 1 to 100000',
      SIDEBAND_HOOK_REQUIRE: 'is "nothing", expected either, token, signature or both',
      SIDEBAND_HOOK_ALLOW: expect.stringContaining('is "10.0.0.0/33", expected networks'),
      SIDEBAND_PROXY_DEPTH: 'is "11", expected a whole number from 0 to 10',
      SIDEBAND_GITLAB_TOKN: 'is no setting: is SIDEBAND_GITLAB_TOKEN meant?',
    });
  });

  test('a configuration file, and says where settings come from', () => {
    try {
      readConfig({ ...least, SIDEBAND_CONFIG: '/etc/sideband/collector.yaml' }, readFile);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'CONFIG_INVALID',
        details: {
          problems: [{ setting: 'SIDEBAND_CONFIG', problem: 'is no setting' }],
          sources: expect.stringContaining('environment only'),
        },
      });
    }
  });

  test('a GitLab whose host cannot name it, until it is named', () => {
    const env = { ...least, SIDEBAND_GITLAB_URL: 'http://[::1]:8080' };
    expect(problems(env)).toEqual({
      SIDEBAND_GITLAB_NAME: expect.stringContaining('"[::1]" is no instance name'),
    });
    expect(problems({ ...env, SIDEBAND_GITLAB_NAME: 'local' })).toEqual({});
  });
});
