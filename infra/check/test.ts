import process from 'node:process';
import { parseCLI, startVitest } from 'vitest/node';
import { sweepTemporaryDirectories } from '../testkit/sweep.ts';
import { ClosingReporter } from './closing-reporter.ts';

/*
 * `npm test`: every project of vitest.config.ts once, then what was skipped and why, then the counts.
 * What a killed run left in temporary directories is taken away first.
 * What follows `--` goes to vitest: `npm test -- --project unit libs/shared`.
 */
await sweepTemporaryDirectories();
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const closing = new ClosingReporter();
await startVitest('test', filter, { ...options, watch: false, reporters: ['default', closing] });
console.log(closing.lines().join('\n'));
// vitest sets the code itself for what cannot be counted, such as a time-out while it closes.
process.exit(closing.succeeded() ? (process.exitCode ?? 0) : 1);
