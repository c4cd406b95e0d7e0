import { createMemoryEvidenceStore } from './memory-store.ts';
import { describeEvidenceStore } from './store.suite.ts';

describeEvidenceStore('the evidence in memory', createMemoryEvidenceStore, 0);
