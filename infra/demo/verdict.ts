import type { DemoOptions } from './options.ts';
import type { Week } from './week/load-week.ts';
import { type Simulated, type SimulatedStep, simulate } from './week/simulate.ts';

/** What was counted while the week ran. */
export interface Tally {
  readonly jobs: number;
  readonly pulls: number;
  readonly repulls: number;
  /** Layer bytes the registry served. */
  readonly bytesPulled: number;
  /** Of these, beyond each layer's first time. */
  readonly bytesRepulled: number;
  readonly evictions: number;
  /** Evictions of an image that a job had or was about to have a container of. */
  readonly inUseViolations: number;
  readonly jobsFailed: number;
  /** Uses the simulated runner made that are not in the evidence, by job. */
  readonly usesMissed: number;
  /** Pulls that failed for want of space, and those of them that a later try made good. */
  readonly pullsWithoutSpace: number;
  readonly pullsRecovered: number;
  readonly sequence: readonly SimulatedStep[];
}

interface Predicted {
  readonly repulls: number;
  readonly bytesRepulled: number;
}

export interface Verdict extends Tally {
  readonly engine: string;
  readonly limit: DemoOptions['limit'];
  readonly budgetBytes: number | null;
  readonly seconds: number;
  readonly predicted: { readonly lru: Predicted; readonly pullTime: Predicted } | null;
  /** Whether the order of pulls and evictions can be foretold exactly; not where pulls meet a full budget. */
  readonly exact: boolean;
  readonly right: boolean;
  /** What was wrong, a sentence each. */
  readonly problems: readonly string[];
}

/** Compares a run with what the simulator says of the same week. */
export function judge(
  week: Week,
  options: DemoOptions,
  tally: Tally,
  ran: { readonly engine: string; readonly seconds: number },
): Verdict {
  const predictions = options.limit === 'budget' ? predict(week, options.budgetBytes) : undefined;
  const exact = predictions !== undefined && predictions.lru.fullBeforePull === 0;
  const problems = [
    ...mustBeZero(tally),
    ...(exact ? differences(tally, predictions.lru) : []),
    ...(options.limit === 'disk' && tally.pullsWithoutSpace > 0
      ? [`${tally.pullsWithoutSpace} pulls failed for want of space; the marks should have prevented that`]
      : []),
    ...(options.limit === 'tight' && tally.pullsWithoutSpace === 0
      ? ['no pull met a full disk, so no recovery was shown']
      : []),
    ...(tally.pullsRecovered < tally.pullsWithoutSpace
      ? [`${tally.pullsWithoutSpace - tally.pullsRecovered} pulls that met a full disk were not recovered`]
      : []),
  ];
  return {
    ...tally,
    ...ran,
    limit: options.limit,
    budgetBytes: options.limit === 'budget' ? options.budgetBytes : null,
    predicted: predictions ? { lru: brief(predictions.lru), pullTime: brief(predictions.pullTime) } : null,
    exact,
    right: problems.length === 0,
    problems,
  };
}

/** The demonstration's budget marks: 0.9 and 0.8, as in the history's own predictions. */
export function predict(
  week: Week,
  capacityBytes: number,
): { readonly lru: Simulated; readonly pullTime: Simulated } {
  const marks = { capacityBytes, high: 0.9, low: 0.8 };
  return {
    lru: simulate(week, { ...marks, rankBy: 'use' }),
    pullTime: simulate(week, { ...marks, rankBy: 'pull' }),
  };
}

function brief({ repulls, bytesRepulled }: Simulated): Predicted {
  return { repulls, bytesRepulled };
}

function mustBeZero(tally: Tally): readonly string[] {
  const counts = {
    inUseViolations: tally.inUseViolations,
    jobsFailed: tally.jobsFailed,
    usesMissed: tally.usesMissed,
  };
  return Object.entries(counts).flatMap(([name, count]) =>
    count === 0 ? [] : [`${name} is ${count} and must be 0`],
  );
}

function differences(tally: Tally, expected: Simulated): readonly string[] {
  const at = expected.sequence.findIndex(
    ([step, image], index) => tally.sequence[index]?.[0] !== step || tally.sequence[index]?.[1] !== image,
  );
  const problems: string[] = [];
  if (at >= 0) {
    problems.push(
      `step ${at} should be ${JSON.stringify(expected.sequence[at])} and was ${JSON.stringify(tally.sequence[at] ?? null)}`,
    );
  } else if (tally.sequence.length !== expected.sequence.length) {
    problems.push(`${tally.sequence.length} steps were made, ${expected.sequence.length} were right`);
  }
  if (tally.bytesPulled !== expected.bytesPulled) {
    problems.push(`${tally.bytesPulled} bytes were pulled, ${expected.bytesPulled} were right`);
  }
  return problems;
}
