import { describeJobLedger } from './ledger.suite.ts';
import { createMemoryLedger } from './memory-ledger.ts';

describeJobLedger('in memory', async (clock, bounds) => createMemoryLedger(clock, bounds));
