import { loadWeek, type Week } from '@sideband/infra/demo/week/load-week';
import { errorText, isSidebandError } from '@sideband/shared/errors';
import { measureGitLab } from './gitlab-cost/measure-gitlab.ts';
import { renderGitLab } from './gitlab-cost/render-gitlab.ts';
import { measureIngest } from './ingest/measure-ingest.ts';
import { renderIngest } from './ingest/render-ingest.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
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
  process.stdout.write(`${await measure(options)}\n`);
}

/** What is printed. */
async function measure(options: BenchOptions): Promise<string> {
  const print = <T>(figures: T, render: (figures: T) => string): string =>
    options.json ? JSON.stringify(figures) : render(figures);
  switch (options.bench) {
    case 'week':
      return print(await makeReport(await loadWeek(), options.capacities), renderReport);
    case 'watch':
      return print(await measureWatch(options), renderWatch);
    case 'ingest':
      return print(await measureIngest(options), renderIngest);
    case 'gitlab':
      return print(await measureGitLab(options), renderGitLab);
  }
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
