import path from 'node:path';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/** Counts over a whole run; `skipped` has one line for each suite or test that was left out, with its reason. */
interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skippedTests: number;
  readonly skipped: readonly string[];
}

const REASON = / \[skipped: (.+)\]$/s;

/** Keeps the end of the run. Its words are printed last, after all that vitest itself has to say. */
export class ClosingReporter implements Reporter {
  #outcome: Outcome = { passed: 0, failed: 0, skippedTests: 0, skipped: [] };

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    this.#outcome = {
      passed: tests.filter((test) => test.result().state === 'passed').length,
      failed:
        tests.filter((test) => test.result().state === 'failed').length +
        modules.flatMap(brokenParts).length +
        unhandledErrors.length,
      // What was still pending when the run was broken off did not run either.
      skippedTests: skipped.length + tests.filter((test) => test.result().state === 'pending').length,
      skipped: groupByPlace(skipped),
    };
  }

  /** The last lines; the very last one is what other programs read. */
  lines(): readonly string[] {
    const { passed, failed, skippedTests, skipped } = this.#outcome;
    return [...skipped, `${passed} passed, ${failed} failed, ${skippedTests} skipped`];
  }

  /** A run without a single test proves nothing, so it has not succeeded. */
  succeeded(): boolean {
    return this.#outcome.failed === 0 && this.#outcome.passed > 0;
  }
}

/** Files that could not be loaded and suites whose hooks failed: their tests never got as far as failing. */
function brokenParts(module: TestModule): readonly (TestModule | TestSuite)[] {
  return [module, ...module.children.allSuites()].filter((part) => part.errors().length > 0);
}

function groupByPlace(skipped: readonly TestCase[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const test of skipped) {
    const line = placeAndReason(test);
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `skipped ${count === 1 ? '1 test' : `${count} tests`}: ${line}`);
}

function placeAndReason(test: TestCase): string {
  const file = path.relative(process.cwd(), test.module.moduleId);
  for (const part of lineage(test)) {
    const reason = REASON.exec(part.name)?.[1];
    if (reason !== undefined) return `${file}, ${part.name.replace(REASON, '')}: ${reason}`;
  }
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  // Without a reason it is most often a filter on the command line, so the file is enough.
  return note === undefined ? `${file}: no reason given` : `${file}, ${test.name}: ${note}`;
}

/** The suites around a test, outermost first, then the test. */
function lineage(test: TestCase): readonly (TestSuite | TestCase)[] {
  const parts: (TestSuite | TestCase)[] = [test];
  for (let part = test.parent; part.type === 'suite'; part = part.parent) parts.unshift(part);
  return parts;
}
