import { expect, it } from 'vitest';
import { pace } from './pace.ts';

it('sends what is due whether or not the ones before are answered, and hears of all', async () => {
  const waiting: ((status: number) => void)[] = [];
  let sent = 0;
  const answers = await pace({
    perSecond: 1_000,
    seconds: 0.02,
    send: async () => {
      sent += 1;
      if (sent < 20) return new Promise((resolve) => waiting.push(resolve));
      for (const answer of waiting) answer(202);
      throw new Error('No connection');
    },
  });
  expect(answers).toHaveLength(20);
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(19);
  expect(answers.filter(({ status }) => status === 0)).toHaveLength(1);
  expect(answers.every(({ ms }) => ms >= 0)).toBe(true);
});
