import { ManualClock } from '@sideband/shared/clock';
import { beforeEach, expect, it } from 'vitest';
import type { ImageId, TagName } from '../engine/port.ts';
import { createOwnTags, type OwnTags } from './own-tags.ts';

const IMAGE = `sha256:${'a'.repeat(64)}` as ImageId;
const OTHER = `sha256:${'b'.repeat(64)}` as ImageId;
const NAME = 'docker.io/library/ruby:3.3' as TagName;

let clock: ManualClock;
let own: OwnTags;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  own = createOwnTags(clock);
  own.expect(IMAGE, NAME);
});

it('knows the expected tag in the spelling of any engine, and again when its event comes twice', () => {
  for (const name of [NAME, 'ruby:3.3', 'ruby:3.3', undefined]) expect(own.isOwn(IMAGE, name)).toBe(true);
});

it('takes no other tag for its own', () => {
  expect(own.isOwn(IMAGE, 'ruby:3.4')).toBe(false);
  expect(own.isOwn(OTHER, 'ruby:3.3')).toBe(false);
  expect(own.isOwn(OTHER, undefined)).toBe(false);
  expect(own.isOwn(undefined, 'ruby:3.3')).toBe(false);
});

it('expects nothing for longer than five minutes, nor when the clock was set back', () => {
  clock.advance(5 * 60_000);
  expect(own.isOwn(IMAGE, NAME)).toBe(true);
  clock.advance(1);
  expect(own.isOwn(IMAGE, NAME)).toBe(false);
  clock.advance(-10 * 60_000);
  expect(own.isOwn(IMAGE, NAME)).toBe(false);
});

it('forgets the oldest of very many', () => {
  for (let tag = 0; tag < 2_000; tag += 1) own.expect(OTHER, `docker.io/library/ruby:${tag}` as TagName);
  expect(own.isOwn(IMAGE, NAME)).toBe(false);
  expect(own.isOwn(OTHER, 'ruby:1999')).toBe(true);
});
