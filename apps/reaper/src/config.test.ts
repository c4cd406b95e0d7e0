import { isSidebandError } from '@sideband/shared/errors';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const LEAST = { SIDEBAND_REDIS: 'redis://127.0.0.1:6379', SIDEBAND_ENGINE: 'unix:///var/run/docker.sock' };

/** Setting → what is said of it. */
function refusal(env: Record<string, string | undefined>, standalone = false): Record<string, string> {
  try {
    readConfig(env, { standalone });
  } catch (error) {
    if (!isSidebandError(error, 'CONFIG_INVALID')) throw error;
    const problems = error.details['problems'] as readonly { setting: string; problem: string }[];
    return Object.fromEntries(problems.map(({ setting, problem }) => [setting, problem]));
  }
  throw new Error('It was not refused');
}

test('Redis and the engine are enough', () => {
  const config = readConfig({ ...LEAST, PATH: '/usr/bin', SIDEBAND_HOST: '' });
  expect(config).toMatchObject({
    engine: 'unix:///var/run/docker.sock',
    host: undefined,
    stateDirectory: '/var/lib/sideband',
    policyFile: undefined,
    systemIds: [],
    systemIdFile: '/etc/gitlab-runner/.runner_system_id',
    instance: undefined,
    imageRoots: undefined,
    lookEveryMs: 5_000,
    checkEveryMs: 60_000,
    staleAfterMs: 10_800_000,
    runnerList: undefined,
    metrics: undefined,
    logLevel: 'info',
  });
  expect(config.redisUrl?.()).toBe('redis://127.0.0.1:6379');
});

test('everything can be set', () => {
  const config = readConfig({
    ...LEAST,
    SIDEBAND_HOST: 'runner-7.example.com',
    SIDEBAND_STATE_DIR: '/state',
    SIDEBAND_POLICY: '/etc/sideband/policy.yaml',
    SIDEBAND_SYSTEM_IDS: 's_0123456789ab, r_ABCdef012345',
    SIDEBAND_SYSTEM_ID_FILE: '/host/.runner_system_id',
    SIDEBAND_INSTANCE: 'i-0123456789abcdef0',
    SIDEBAND_IMAGE_ROOTS: '/host/docker,/host/containerd',
    SIDEBAND_LOOK_EVERY: '2s',
    SIDEBAND_CHECK_EVERY: '5m',
    SIDEBAND_STALE_AFTER: '2d',
    SIDEBAND_RUNNER_LIST: 'http://127.0.0.1:9252/',
    SIDEBAND_METRICS: '127.0.0.1:9105',
    SIDEBAND_LOG_LEVEL: 'debug',
  });
  expect(config).toMatchObject({
    host: 'runner-7.example.com',
    stateDirectory: '/state',
    policyFile: '/etc/sideband/policy.yaml',
    systemIds: ['s_0123456789ab', 'r_ABCdef012345'],
    systemIdFile: '/host/.runner_system_id',
    instance: 'i-0123456789abcdef0',
    imageRoots: ['/host/docker', '/host/containerd'],
    lookEveryMs: 2_000,
    checkEveryMs: 300_000,
    staleAfterMs: 172_800_000,
    runnerList: 'http://127.0.0.1:9252',
    metrics: { host: '127.0.0.1', port: 9105 },
    logLevel: 'debug',
  });
});

test('standing alone, the engine is enough', () => {
  const config = readConfig(
    { SIDEBAND_ENGINE: LEAST.SIDEBAND_ENGINE, SIDEBAND_REDIS: '' },
    { standalone: true },
  );
  expect(config.redisUrl).toBeUndefined();
  expect(config.engine).toBe(LEAST.SIDEBAND_ENGINE);
});

test('standing alone with a Redis is a contradiction, and its password is not repeated', () => {
  const problems = refusal({ ...LEAST, SIDEBAND_REDIS: 'redis://:hunter2@redis' }, true);
  expect(Object.keys(problems)).toEqual(['SIDEBAND_REDIS']);
  expect(problems['SIDEBAND_REDIS']).toContain('--standalone uses no Redis');
  expect(problems['SIDEBAND_REDIS']).not.toContain('hunter2');
});

test('an engine that was not named is not used, and the refusal shows how to name one', () => {
  const problems = refusal({ SIDEBAND_REDIS: LEAST.SIDEBAND_REDIS });
  expect(Object.keys(problems)).toEqual(['SIDEBAND_ENGINE']);
  expect(problems['SIDEBAND_ENGINE']).toContain('unix:///var/run/docker.sock');
  expect(problems['SIDEBAND_ENGINE']).not.toContain('DOCKER_HOST');
});

test('DOCKER_HOST does not name an engine, which is said only where one is missing', () => {
  const env = { ...LEAST, DOCKER_HOST: 'tcp://10.0.0.1:2375' };
  expect(readConfig(env).engine).toBe('unix:///var/run/docker.sock');
  expect(refusal({ ...env, SIDEBAND_ENGINE: '' })['SIDEBAND_ENGINE']).toContain('DOCKER_HOST is not used');
  expect(refusal({ ...env, SIDEBAND_ENGINE: 'docker.sock' })['SIDEBAND_ENGINE']).not.toContain('DOCKER_HOST');
});

test.each([
  ['SIDEBAND_ENGINE', 'tcp://10.0.0.1:2375', "must run on the engine's own machine, beside its socket"],
  ['SIDEBAND_ENGINE', '/var/run/docker.sock', 'unix:///var/run/docker.sock'],
  ['SIDEBAND_ENGINE', 'unix://docker.sock', 'unix:///var/run/docker.sock'],
  ['SIDEBAND_REDIS', '127.0.0.1:6379', 'redis://host:port'],
  ['SIDEBAND_HOST', 'Runner_7', 'a-z, 0-9, dot and hyphen'],
  ['SIDEBAND_STATE_DIR', 'state', 'an absolute path'],
  ['SIDEBAND_SYSTEM_IDS', 's_0123456789ab,runner', 's_ or r_'],
  ['SIDEBAND_INSTANCE', 'i 7', '1 to 255 printable ASCII characters'],
  ['SIDEBAND_IMAGE_ROOTS', '/host/docker,', 'an absolute path'],
  ['SIDEBAND_LOOK_EVERY', '10m', 'from 100ms to 1m'],
  ['SIDEBAND_LOOK_EVERY', '5', ''],
  ['SIDEBAND_STALE_AFTER', '30s', 'from 1m to 7d'],
  ['SIDEBAND_STALE_AFTER', '8d', 'from 1m to 7d'],
  ['SIDEBAND_RUNNER_LIST', '127.0.0.1:9252', 'http://address:port'],
  ['SIDEBAND_METRICS', '9105', 'address:port'],
  ['SIDEBAND_LOG_LEVEL', 'loud', 'trace, debug, info'],
])('%s=%s is refused, with the accepted forms', (setting, value, forms) => {
  const problems = refusal({ ...LEAST, [setting]: value });
  expect(Object.keys(problems)).toEqual([setting]);
  expect(problems[setting]).toContain(forms);
});

test('all that is wrong is said at once, and no password with it', () => {
  const env = { SIDEBAND_REDIS: 'http://:hunter2@redis', SIDEBAND_HOST: '-'.repeat(64), SIDEBAND_HOTS: 'a' };
  const problems = refusal(env);
  expect(Object.keys(problems).sort()).toEqual([
    'SIDEBAND_ENGINE',
    'SIDEBAND_HOST',
    'SIDEBAND_HOTS',
    'SIDEBAND_REDIS',
  ]);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

test('the collector’s settings may stand beside the reaper’s, others not', () => {
  const shared = { SIDEBAND_GITLAB_TOKEN_FILE: '/run/secrets/token', SIDEBAND_LISTEN: '0.0.0.0:80' };
  expect(readConfig({ ...LEAST, ...shared }).host).toBeUndefined();
  expect(refusal({ ...LEAST, sideband_host: 'a' })['sideband_host']).toContain('SIDEBAND_HOST');
});

test('the address of Redis is not shown by a printed configuration', () => {
  const config = readConfig({ ...LEAST, SIDEBAND_REDIS: 'redis://:hunter2@127.0.0.1:6379' });
  expect(JSON.stringify(config)).not.toContain('hunter2');
});
