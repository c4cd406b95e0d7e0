import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  durationBetween,
  gitLabUrl,
  instanceName,
  listenAddress,
  logLevel,
  redisUrl,
} from './config-values.ts';

function problem(schema: z.ZodType, input: unknown): string {
  const parsed = schema.safeParse(input);
  if (parsed.success) return 'was accepted';
  expect(parsed.error.issues).toHaveLength(1);
  return parsed.error.issues[0]?.message ?? '';
}

test.each([
  ['https://gitlab.example.com', 'https://gitlab.example.com'],
  ['https://gitlab.example.com/', 'https://gitlab.example.com'],
  ['HTTPS://GitLab.Example.com:8443/git/lab//', 'https://gitlab.example.com:8443/git/lab'],
  ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
])('GitLab at %s', (text, url) => {
  expect(gitLabUrl.parse(text)).toBe(url);
});

test.each([
  ['gitlab.example.com', 'is "gitlab.example.com", expected https://host'],
  ['ssh://git@gitlab.example.com', 'is "ssh://git@gitlab.example.com", expected https://host'],
  ['https://', 'is "https://", expected https://host'],
  ['file:///etc/passwd', 'is "file:///etc/passwd", expected https://host'],
  ['https://user:pass@gitlab.example.com', 'holds a user name, a query or a fragment'],
  ['https://gitlab.example.com/?private_token=x', 'holds a user name, a query or a fragment'],
  [undefined, 'is not set, expected https://host'],
])('no GitLab at %s', (text, message) => {
  expect(problem(gitLabUrl, text)).toContain(message);
});

test('what is refused for the secret in it is not repeated', () => {
  expect(problem(gitLabUrl, 'https://user:hunter2@gitlab.example.com')).not.toContain('hunter2');
  expect(problem(redisUrl, 'redis//:hunter2@redis')).not.toContain('hunter2');
});

test.each(['redis://127.0.0.1:6379', 'rediss://user:pass@redis.example.com:6380/2'])(
  'Redis at %s',
  (text) => {
    expect(redisUrl.parse(text)).toBe(text);
  },
);

test.each(['redis', '127.0.0.1:6379', 'http://127.0.0.1:6379', 'redis://'])('no Redis at %s', (text) => {
  expect(problem(redisUrl, text)).toBe(
    'is no address of Redis, expected redis://host:port or rediss://host:port',
  );
});

test.each([
  ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
  ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ['collector.example.com:443', { host: 'collector.example.com', port: 443 }],
  ['[::1]:8080', { host: '::1', port: 8080 }],
])('listens on %s', (text, address) => {
  expect(listenAddress.parse(text)).toEqual(address);
});

test.each([
  '8080',
  ':8080',
  'localhost',
  '127.0.0.1:65536',
  '127.0.0.1:-1',
  '::1:8080',
  'host:80 ',
  'http://host:80',
])('cannot listen on %j', (text) => {
  expect(problem(listenAddress, text)).toMatch(/^is ".*", expected address:port/);
});

test.each([
  ['1s', 1_000],
  ['5m', 300_000],
  ['1d', 86_400_000],
])('a duration of %s', (text, milliseconds) => {
  expect(durationBetween('1s', '1d').parse(text)).toBe(milliseconds);
});

test.each([
  ['300', 'is no duration: '],
  ['five minutes', 'is no duration: '],
  ['999ms', 'is "999ms", expected a duration from 1s to 1d'],
  ['1d1s', 'is "1d1s", expected a duration from 1s to 1d'],
])('no duration: %s', (text, message) => {
  expect(problem(durationBetween('1s', '1d'), text)).toContain(message);
});

test('names and log levels', () => {
  expect(instanceName.parse('gitlab.example.com')).toBe('gitlab.example.com');
  expect(problem(instanceName, 'My GitLab')).toContain('"My GitLab" is no instance name');
  expect(logLevel.parse('debug')).toBe('debug');
  expect(problem(logLevel, 'loud')).toBe(
    'is "loud", expected trace, debug, info, warn, error, fatal, silent',
  );
});
