import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { engineSocket, listenAddress, runnerList } from './config-values.ts';

function problem(schema: z.ZodMiniType, input: unknown): string {
  const parsed = z.safeParse(schema, input);
  if (parsed.success) return 'was accepted';
  expect(parsed.error.issues).toHaveLength(1);
  return parsed.error.issues[0]?.message ?? '';
}

test.each([
  ['127.0.0.1:9105', { host: '127.0.0.1', port: 9105 }],
  ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ['runner-7.example.com:9105', { host: 'runner-7.example.com', port: 9105 }],
  ['[::1]:9105', { host: '::1', port: 9105 }],
])('metrics on %s', (text, address) => {
  expect(z.parse(listenAddress, text)).toEqual(address);
});

test.each(['9105', ':9105', 'localhost', '127.0.0.1:65536', '::1:9105', 'http://host:80', 'host:80/metrics'])(
  'no metrics on %j',
  (text) => {
    expect(problem(listenAddress, text)).toMatch(/^is ".*", expected address:port/);
  },
);

test.each([
  ['http://127.0.0.1:9252', 'http://127.0.0.1:9252'],
  ['http://127.0.0.1:9252/', 'http://127.0.0.1:9252'],
  ['HTTP://Runner.Example.com:9252', 'http://runner.example.com:9252'],
  ['http://[::1]:9252', 'http://[::1]:9252'],
])('the runner’s list at %s', (text, address) => {
  expect(z.parse(runnerList, text)).toBe(address);
});

test.each([
  ['127.0.0.1:9252', 'is "127.0.0.1:9252"'],
  ['https://127.0.0.1:9252', 'is "https://127.0.0.1:9252"'],
  ['http://', 'is "http://"'],
  ['http://127.0.0.1:9252/debug/jobs/list', 'holds more than an address and a port'],
  ['http://127.0.0.1:9252/?v=2', 'holds more than an address and a port'],
  ['http://127.0.0.1:9252/#list', 'holds more than an address and a port'],
])('no list of a runner at %s', (text, message) => {
  expect(problem(runnerList, text)).toContain(message);
  expect(problem(runnerList, text)).toContain('expected http://address:port');
});

test.each(['http://user:hunter2@127.0.0.1:9252', 'https://user:hunter2@127.0.0.1:9252'])(
  'what may be a password is not repeated of %s',
  (text) => {
    expect(problem(runnerList, text)).toContain('expected http://address:port');
    expect(problem(runnerList, text)).not.toContain('hunter2');
  },
);

test.each([
  'tcp://10.0.0.1:2376',
  'ssh://ci@runner-7',
  'npipe:////./pipe/docker_engine',
  'https://10.0.0.1:2376',
])('an engine that is reached over %s may be on another machine', (text) => {
  const message = problem(engineSocket, text);
  expect(message).toContain(`names an engine over ${text.slice(0, text.indexOf(':'))}:`);
  expect(message).toContain('the reaper measures the disk itself');
  expect(message).toContain('unix:///var/run/docker.sock');
});

test.each(['/var/run/docker.sock', 'unix://docker.sock', 'unix://', 'docker'])('no socket at %j', (text) => {
  expect(problem(engineSocket, text)).toMatch(/^is ".*", expected the path of its socket/);
});
