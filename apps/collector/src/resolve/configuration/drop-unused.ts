import { setImmediate } from 'node:timers/promises';
import type { ConfiguredJob, Variables, WholeConfiguration } from './configuration.ts';
import { expand } from './expand.ts';

// Hooks are answered by this thread: see `read-tree.ts`.
const JOBS_A_TURN = 200;

/**
 * Without the variables that no name of an image can come to need. Every job of a merged configuration has its own copy
 * of all it inherits: this leaves of 30 variables one or two, in what is kept and what is read again for each job.
 */
export async function dropUnused(configuration: WholeConfiguration): Promise<WholeConfiguration> {
  const needed = await neededNames(configuration);
  const kept = (variables: Variables): Variables =>
    variables && new Map([...variables].filter(([name]) => needed.has(name)));
  const keptNames = (names: readonly string[] | null): readonly string[] | null =>
    names?.filter((name) => needed.has(name)) ?? null;
  const jobs = new Map<string, ConfiguredJob | null>();
  for (const [name, job] of configuration.jobs) {
    const { variables = null, ruleVariables = null } = job ?? {};
    jobs.set(name, job && { ...job, variables: kept(variables), ruleVariables: keptNames(ruleVariables) });
    if (jobs.size % JOBS_A_TURN === 0) await setImmediate();
  }
  return {
    defaults: configuration.defaults,
    variables: kept(configuration.variables),
    workflowVariables: keptNames(configuration.workflowVariables),
    jobs,
  };
}

/** Every name in a name of an image, and in the values that any job gives to such a name. */
async function neededNames(configuration: WholeConfiguration): Promise<ReadonlySet<string>> {
  const values = await valuesByName(configuration);
  const jobs = [...configuration.jobs.values()].filter((job) => job !== null);
  const texts = [configuration.defaults, ...jobs].flatMap(({ image, services }) => [
    image,
    ...(services ?? []),
  ]);
  const needed = new Set<string>();
  // The list grows while it is walked: a value is looked at once, when its name is first met.
  for (const text of texts) {
    if (typeof text !== 'string') continue;
    expand(text, (name) => {
      if (!needed.has(name)) for (const value of values.get(name) ?? []) texts.push(value);
      needed.add(name);
      return '';
    });
  }
  return needed;
}

async function valuesByName({
  variables,
  jobs,
}: WholeConfiguration): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const values = new Map<string, Set<string>>();

  function add(name: string, value: string): void {
    const known = values.get(name) ?? new Set();
    values.set(name, known.add(value));
  }

  function addAll(some: Variables): void {
    for (const [name, variable] of some ?? [])
      if (variable !== null && !variable.isRaw) add(name, variable.value);
  }

  addAll(variables);
  let read = 0;
  for (const job of jobs.values()) {
    addAll(job?.variables ?? null);
    for (const row of typeof job?.parallel === 'object' ? (job.parallel ?? []) : []) {
      for (const [name, given] of row) for (const value of given) add(name, value);
    }
    read += 1;
    if (read % JOBS_A_TURN === 0) await setImmediate();
  }
  return values;
}
