import { ManualClock } from '@sideband/shared/clock';
import { describeConfigurationCache } from './cache.suite.ts';
import { createMemoryConfigurationCache } from './memory-cache.ts';

describeConfigurationCache('in memory', async (bounds) => {
  const clock = new ManualClock(0);
  return {
    cache: createMemoryConfigurationCache(clock, bounds),
    pass: async (milliseconds) => clock.advance(milliseconds),
  };
});
