import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { expect, it } from 'vitest';
import { createMemoryPollMemory } from './memory-poll-memory.ts';
import { describePollMemory } from './poll-memory.suite.ts';

describePollMemory('in memory', async (clock, bounds) => createMemoryPollMemory(clock, bounds));

it('forgets a project that was not polled for a day more than the look-back', async () => {
  const clock = new ManualClock(0);
  const memory = createMemoryPollMemory(clock, { lookBackMs: 1_000, projects: 1 });
  const [gitlab, project] = ['gitlab.example' as InstanceName, 1 as ProjectId];
  await memory.keepProject(gitlab, project, { begunAt: 0 as Millis, highest: 1, unsettled: undefined });
  clock.advance(86_400_999);
  expect(await memory.project(gitlab, project)).toBeDefined();
  clock.advance(1);
  expect(await memory.project(gitlab, project)).toBeUndefined();
});
