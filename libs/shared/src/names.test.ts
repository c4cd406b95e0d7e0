import { describe, expect, it } from 'vitest';
import {
  formatJobKey,
  parseHostName,
  parseInstanceName,
  parseJobId,
  parseProjectId,
  parseSystemId,
} from './names.ts';

describe.each([
  ['parseHostName', parseHostName],
  ['parseInstanceName', parseInstanceName],
])('%s', (_, parse) => {
  it.each(['runner-01.example.com', 'a', '0', 'x'.repeat(63)])('accepts %s', (text) => {
    expect(parse(text)).toEqual({ ok: true, value: text });
  });

  it.each(['', 'x'.repeat(64), 'Runner', 'a b', 'a:b', '{a}', 'a*', 'a/b', 'a\n', 'ä', 'a_b'])(
    'refuses %j, which is not safe in a Redis key',
    (text) => {
      expect(parse(text)).toMatchObject({ ok: false, error: { reason: 'bad-name' } });
    },
  );
});

describe('parseSystemId', () => {
  it.each(['s_c2d22f638c25', 'r_9HzZ0AbCdEfG'])('accepts %s', (text) => {
    expect(parseSystemId(text)).toEqual({ ok: true, value: text });
  });

  it.each([
    '',
    's_',
    'x_c2d22f638c25',
    's_c2d22f638c2',
    's_c2d22f638c250',
    's_c2d22f638c2*',
    's_c2d22f638c25\n',
  ])('refuses %j', (text) => {
    expect(parseSystemId(text)).toMatchObject({ ok: false, error: { reason: 'bad-system-id' } });
  });
});

describe.each([
  ['parseProjectId', parseProjectId],
  ['parseJobId', parseJobId],
])('%s', (_, parse) => {
  it.each([1, 12_345_678_901, Number.MAX_SAFE_INTEGER])('accepts %d', (value) => {
    expect(parse(value)).toEqual({ ok: true, value });
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53, '7', null, undefined, {}])('refuses %j', (value) => {
    expect(parse(value)).toMatchObject({ ok: false, error: { reason: 'bad-id' } });
  });
});

it('a job key names the job over all GitLabs', () => {
  const instance = parseInstanceName('gitlab.example.com');
  const project = parseProjectId(7);
  const job = parseJobId(42);
  if (!instance.ok || !project.ok || !job.ok) throw new Error('The parts were refused');
  const key = { instance: instance.value, project: project.value, job: job.value };
  expect(formatJobKey(key)).toBe('gitlab.example.com/7/42');
});
