import { expect, test } from 'vitest';
import { jobPhase } from './job-phase.ts';

test.each([
  ['success', 'ended'],
  ['failed', 'ended'],
  ['canceled', 'ended'],
  ['running', 'running'],
  ['canceling', 'running'],
  ['created', 'waiting'],
  ['pending', 'waiting'],
  ['skipped', 'waiting'],
  ['manual', 'waiting'],
  ['a_word_of_next_year', 'waiting'],
  ['', 'waiting'],
  ['constructor', 'waiting'],
])('%s counts as %s', (status, phase) => {
  expect(jobPhase(status)).toBe(phase);
});
