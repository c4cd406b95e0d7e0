import { ManualClock } from '../clock.ts';
import { NAME_LOCK_MS } from './lock.ts';
import { createMemoryNameLock } from './memory-name-lock.ts';
import { describeNameLock } from './name-lock.suite.ts';

describeNameLock('the lock on a host’s name in memory', async () => {
  const clock = new ManualClock(0);
  return {
    lock: createMemoryNameLock(clock),
    letExpire: async () => clock.advance(NAME_LOCK_MS),
  };
});
