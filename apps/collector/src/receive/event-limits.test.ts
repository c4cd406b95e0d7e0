import { ManualClock } from '@sideband/shared/clock';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { beforeEach, expect, test } from 'vitest';
import { createEventLimits } from './event-limits.ts';
import { FILE, GITLAB, GROUP, NOW, PROJECT, SYSTEM } from './hook-fixture.suite.ts';
import type { HookAddress } from './hook-source.ts';

const address = { instance: GITLAB, source: PROJECT };

let clock: ManualClock;
let allow: ReturnType<typeof createEventLimits>;

beforeEach(() => {
  clock = new ManualClock(NOW);
  allow = createEventLimits(clock);
});

function ofProject(project: number): HookAddress {
  return { instance: GITLAB, source: { kind: 'project', project: project as ProjectId } };
}

test('an address is over its limit until its minute is over, which is said once', () => {
  for (let hook = 0; hook < 5; hook += 1) expect(allow(address, 2_000)).toBe('within');
  expect(allow(address, 1)).toBe('now-over');
  expect(allow(address, 1)).toBe('over');
  clock.advance(59_999);
  expect(allow(address, 1)).toBe('over');
  clock.advance(1);
  expect(allow(address, 10_000)).toBe('within');
  expect(allow(address, 1)).toBe('now-over');
  // A clock that is set back must not shut it out for longer.
  clock.advance(-1);
  expect(allow(address, 1)).toBe('within');
});

test('what is too much leaves room for less', () => {
  expect(allow(address, 9_000)).toBe('within');
  expect(allow(address, 2_000)).toBe('now-over');
  expect(allow(address, 1_000)).toBe('within');
});

test.each([GROUP, SYSTEM, FILE])('$kind speaks for many and may say more', (source) => {
  expect(allow({ instance: GITLAB, source }, 50_000)).toBe('within');
  expect(allow({ instance: GITLAB, source }, 1)).toBe('now-over');
});

test('each address has its own, also of the same id at another GitLab', () => {
  expect(allow(address, 10_000)).toBe('within');
  expect(allow({ ...address, instance: 'gitlab.example.org' as InstanceName }, 10_000)).toBe('within');
  expect(allow(ofProject(8), 10_000)).toBe('within');
  expect(allow(address, 1)).toBe('now-over');
});

test('of 5,000 addresses it is kept, and the one that began first makes room', () => {
  for (let project = 1; project <= 5_000; project += 1) allow(ofProject(project), 10_000);
  expect(allow(ofProject(1), 1)).toBe('now-over');
  allow(ofProject(5_001), 1);
  expect(allow(ofProject(2), 1)).toBe('now-over');
  expect(allow(ofProject(1), 1)).toBe('within');
});
