import type { Millis } from '@sideband/shared/clock';
import { expect, it } from 'vitest';
import type { ImageId } from '../engine/port.ts';
import { createKnownImages } from './known-images.ts';

const id = (letter: string): ImageId => `sha256:${letter.repeat(64)}` as ImageId;
const at = (time: number): Millis => time as Millis;
const [A, B] = [id('a'), id('b')];

it('says nothing before it has a list, nor after a gap', () => {
  const known = createKnownImages();
  expect(known.cameWith(A, at(10))).toBe(false);
  known.list([], at(5));
  expect(known.cameWith(A, at(10))).toBe(true);
  known.forget();
  expect(known.cameWith(A, at(10))).toBe(false);
});

it('knows what was in its first list for old, whenever that was read', () => {
  const known = createKnownImages();
  known.list([A], at(50));
  expect(known.cameWith(A, at(10))).toBe(false);
});

it('knows an image for new though a later list has shown it before its event came', () => {
  const known = createKnownImages();
  known.list([A], at(5));
  known.list([A, B], at(12));
  expect(known.cameWith(B, at(10))).toBe(true);
  expect(known.cameWith(B, at(13))).toBe(false);
});

it('knows what went and came again for new', () => {
  const known = createKnownImages();
  known.list([A], at(5));
  known.go(A);
  expect(known.cameWith(A, at(10))).toBe(true);
  known.come(A, at(10));
  expect(known.cameWith(A, at(11))).toBe(false);
});
