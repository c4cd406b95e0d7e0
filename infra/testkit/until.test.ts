import { expect, test } from 'vitest';
import { until } from './until.ts';

test('answers with the first value that is one', async () => {
  const answers = [undefined, false as const, 0, 1];
  expect(await until('a number', async () => answers.shift(), { everyMs: 1 })).toBe(0);
});

test('takes a probe that throws for "not yet"', async () => {
  let calls = 0;
  const probe = async (): Promise<string> => {
    calls += 1;
    if (calls < 3) throw new Error('too early');
    return 'there';
  };
  expect(await until('it', probe, { everyMs: 1 })).toBe('there');
});

test('says what it waited for, and the last reason why not', async () => {
  const probe = async (): Promise<undefined> => {
    throw new Error('connection refused');
  };
  await expect(until('an open port', probe, { timeoutMs: 5, everyMs: 1 })).rejects.toThrow(
    /an open port: connection refused$/,
  );
});
