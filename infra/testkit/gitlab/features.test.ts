import { expect, it } from 'vitest';
import { type Feature, featuresOf } from './features.ts';

it.each<[Feature, string, string]>([
  ['runnerManagerOfJob', '16.10.9', '16.11.0'],
  ['idempotencyKey', '17.3.7-ee', '17.4.0'],
  ['signingTokens', '18.11.2-ee', '19.0.0-ee'],
  ['isoTimes', '17.11.4', '18.0.0-pre'],
])('%s is not in %s but in %s', (feature, before, since) => {
  expect([featuresOf(before).has(feature), featuresOf(since).has(feature)]).toEqual([false, true]);
});

it('knows the editions, and what is no version', () => {
  expect(featuresOf('17.5.0-ee').enterprise).toBe(true);
  expect(featuresOf('17.5.0').enterprise).toBe(false);
  expect(() => featuresOf('17.5')).toThrow('No version of GitLab: 17.5');
});
