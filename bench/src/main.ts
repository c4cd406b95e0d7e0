import { loadWeek, type Week } from '@sideband/infra/demo/week/load-week';
import { errorText, isSidebandError } from '@sideband/shared/errors';
import { describeMachine } from './machine.ts';
import { parseOptions, USAGE } from './options.ts';
import { measurePlan } from './plan-time/measure-plan.ts';
import { type Report, renderReport } from './report.ts';
import { measureWatch } from './watch-cost/measure-watch.ts';
import { renderWatch } from './watch-cost/render-watch.ts';
import { type Comparison, compare } from './week/compare.ts';

/** The marks of the week's predictions. */
const MARKS = { highPercent: 90, lowPercent: 80 } as const;

/** What `npm run bench` runs. */
async function bench(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const options = parseOptions(args);
  if (options.bench === 'watch') {
    const costs = await measureWatch(options);
    process.stdout.write(`${options.json ? JSON.stringify(costs) : renderWatch(costs)}\n`);
    return;
  }
  const report = await makeReport(await loadWeek(), options.capacities);
  process.stdout.write(`${options.json ? JSON.stringify(report) : renderReport(report)}\n`);
}

async function makeReport(week: Week, capacities: readonly number[]): Promise<Report> {
  const comparisons: Comparison[] = [];
  for (const capacityBytes of capacities) comparisons.push(await compare(week, { capacityBytes, ...MARKS }));
  return {
    machine: describeMachine(),
    week: {
      events: week.events.length,
      jobs: week.events.reduce((sum, event) => sum + event.jobs, 0),
      images: week.images.size,
    },
    comparisons,
    planTime: measurePlan({
      images: 1_000,
      rounds: 300,
      microseconds: () => performance.now() * 1_000,
    }),
  };
}

function explain(error: unknown): string {
  const problems = isSidebandError(error) ? error.details['problems'] : undefined;
  return Array.isArray(problems) ? `${problems.join('\n')}\n\n${USAGE}` : errorText(error);
}

try {
  await bench(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
