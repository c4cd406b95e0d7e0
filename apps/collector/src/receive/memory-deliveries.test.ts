import { ManualClock } from '@sideband/shared/clock';
import { describeDeliveries } from './deliveries.suite.ts';
import { createMemoryDeliveries } from './memory-deliveries.ts';

describeDeliveries('in memory', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  return {
    deliveries: createMemoryDeliveries(clock),
    pass: async (milliseconds) => clock.advance(milliseconds),
  };
});
