import type { Configuration, ConfiguredJob, MatrixRow } from './configuration.ts';

/** Looking for a job's name takes up to 4 ms in a configuration as large as any that is kept. */
const MAX_WAYS = 8;

/** A job of a pipeline in the configuration that made it. */
export interface FoundJob {
  /** Null: it is there and not understood. */
  readonly job: ConfiguredJob | null;
  /** What its `parallel:` gives this one of the jobs; undefined where its name fits several of a matrix. */
  readonly variables: ReadonlyMap<string, string> | undefined;
}

/**
 * Finds what a job is called in its pipeline: `rspec`, `rspec 2/5` of `parallel: 5`, or `deploy: [eu, 3.3]` of
 * `parallel: {matrix: …}`, which names the values in the order of their variables.
 */
export function findJob({ jobs }: Configuration, jobName: string): FoundJob | undefined {
  const job = jobs.get(jobName);
  if (job === null || (job !== undefined && job.parallel === undefined)) return { job, variables: new Map() };
  return findNumbered(jobs, jobName) ?? findInMatrix(jobs, jobName);
}

type Jobs = Configuration['jobs'];

function findNumbered(jobs: Jobs, jobName: string): FoundJob | undefined {
  const [, index = '', total = ''] = / ([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(jobName) ?? [];
  const job = index === '' ? undefined : jobs.get(jobName.slice(0, -` ${index}/${total}`.length));
  const fits = job?.parallel === Number(total) && Number(index) <= Number(total);
  const variables = new Map([
    ['CI_NODE_INDEX', index],
    ['CI_NODE_TOTAL', total],
  ]);
  return fits ? { job, variables } : undefined;
}

function findInMatrix(jobs: Jobs, jobName: string): FoundJob | undefined {
  // A job's own name and the values may hold the same signs: more than one way to divide the name is tried.
  let ways = 0;
  for (let at = jobName.indexOf(': ['); at !== -1; at = jobName.indexOf(': [', at + 1)) {
    ways += 1;
    if (ways > MAX_WAYS) return undefined;
    const job = jobs.get(jobName.slice(0, at));
    if (job?.parallel === null) return { job: null, variables: new Map() };
    if (job === undefined || job === null || typeof job.parallel !== 'object') continue;
    const fitting = jobsOf(job.parallel).filter(
      (variables) => jobName.slice(at) === `: [${[...variables.values()].join(', ')}]`,
    );
    if (fitting.length > 0) return { job, variables: fitting.length === 1 ? fitting[0] : undefined };
  }
  return undefined;
}

/** Every combination of each row's values, at most 200 (`read-parallel.ts`). */
function jobsOf(rows: readonly MatrixRow[]): readonly ReadonlyMap<string, string>[] {
  return rows.flatMap((row) =>
    row.reduce<readonly ReadonlyMap<string, string>[]>(
      (made, [name, values]) =>
        made.flatMap((before) => values.map((value) => new Map(before).set(name, value))),
      [new Map()],
    ),
  );
}
