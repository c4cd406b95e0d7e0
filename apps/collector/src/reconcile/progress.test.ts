import type { Millis } from '@sideband/shared/clock';
import { expect, it } from 'vitest';
import { createProgress } from './progress.ts';

const at = (time: number): Millis => time as Millis;

it('is as far as the last poll where nothing waits', () => {
  const progress = createProgress();
  expect(progress.doneUpTo(undefined)).toBeUndefined();
  progress.polled(at(100), at(110));
  progress.polled(at(200), at(210));
  expect(progress.doneUpTo(undefined)).toBe(200);
});

it('does not count a poll whose finds still wait to be looked up', () => {
  const progress = createProgress();
  progress.polled(at(100), at(110));
  expect(progress.doneUpTo(at(105))).toBeUndefined();
  progress.polled(at(200), at(210));
  expect(progress.doneUpTo(at(105))).toBeUndefined();
  expect(progress.doneUpTo(at(111))).toBe(100);
  progress.polled(at(300), at(310));
  expect(progress.doneUpTo(at(310))).toBe(200);
  expect(progress.doneUpTo(at(500))).toBe(300);
});

it('does not go back to a poll that others have overtaken', () => {
  const progress = createProgress();
  progress.polled(at(200), at(210));
  progress.polled(at(100), at(300));
  expect(progress.doneUpTo(undefined)).toBe(200);
});

it('is nothing after it was told to forget, until the next poll', () => {
  const progress = createProgress();
  progress.polled(at(100), at(110));
  progress.forget();
  expect(progress.doneUpTo(undefined)).toBeUndefined();
  progress.polled(at(200), at(210));
  expect(progress.doneUpTo(undefined)).toBe(200);
});

it('does not go back when an old job is tried again', () => {
  const progress = createProgress();
  progress.polled(at(100), at(110));
  expect(progress.doneUpTo(undefined)).toBe(100);
  expect(progress.doneUpTo(at(50))).toBeUndefined();
  expect(progress.doneUpTo(undefined)).toBe(100);
});
