import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseGitLabTime } from './gitlab-time.ts';

test.each([
  ['2021-02-23T02:41:37.886Z', Date.UTC(2021, 1, 23, 2, 41, 37, 886)],
  ['2021-02-23T02:41:37Z', Date.UTC(2021, 1, 23, 2, 41, 37)],
  ['2016-01-11T10:13:33.506+01:00', Date.UTC(2016, 0, 11, 9, 13, 33, 506)],
  ['2016-08-12 15:26:29 UTC', Date.UTC(2016, 7, 12, 15, 26, 29)],
  ['2016-08-12 15:26:29 +0200', Date.UTC(2016, 7, 12, 13, 26, 29)],
  ['2016-08-12 15:26:29 -0330', Date.UTC(2016, 7, 12, 18, 56, 29)],
  ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
])('reads %s', (text, at) => {
  expect(parseGitLabTime(text)).toBe(at);
});

test.each([
  '',
  'yesterday',
  'job 1',
  '1456195297886',
  '2021-02-30T00:00:00Z',
  '2021-13-01T00:00:00Z',
  '2021-02-23T25:00:00Z',
  '2021-02-23T02:41:37',
  '2021-02-23 02:41:37 PST',
  '2021-02-23 02:41:37 +02',
  '2021-02-23 02:41:37 +9900',
  ' 2021-02-23T02:41:37Z',
  '2021-02-23T02:41:37Z\n',
  '12021-02-23T02:41:37Z',
])('refuses %j', (text) => {
  expect(parseGitLabTime(text)).toBeUndefined();
});

test('reads every moment in both forms', () => {
  const moment = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(moment, (date) => {
      expect(parseGitLabTime(date.toISOString())).toBe(date.getTime());
      const oldForm = date
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC');
      expect(parseGitLabTime(oldForm)).toBe(Math.floor(date.getTime() / 1_000) * 1_000);
    }),
  );
});
