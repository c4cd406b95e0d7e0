import type { Configuration, ConfiguredJob, Variables } from './configuration.ts';
import { expand } from './expand.ts';

/**
 * Without the variables that no name of an image can come to need. Every job of a merged configuration has its own copy
 * of all it inherits: this leaves of 30 variables one or two, in what is kept and what is read again for each job.
 */
export function dropUnused(configuration: Configuration): Configuration {
  const needed = neededNames(configuration);
  const kept = (variables: Variables): Variables =>
    variables && new Map([...variables].filter(([name]) => needed.has(name)));
  const keptNames = (names: readonly string[] | null): readonly string[] | null =>
    names?.filter((name) => needed.has(name)) ?? null;
  const jobs = [...configuration.jobs].map(([name, job]): [string, ConfiguredJob | null] => [
    name,
    job && { ...job, variables: kept(job.variables), ruleVariables: keptNames(job.ruleVariables) },
  ]);
  return {
    defaults: configuration.defaults,
    variables: kept(configuration.variables),
    workflowVariables: keptNames(configuration.workflowVariables),
    jobs: new Map(jobs),
  };
}

/** Every name in a name of an image, and in the values that any job gives to such a name. */
function neededNames(configuration: Configuration): ReadonlySet<string> {
  const values = valuesByName(configuration);
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

function valuesByName({ variables, jobs }: Configuration): ReadonlyMap<string, ReadonlySet<string>> {
  const values = new Map<string, Set<string>>();

  function add(name: string, value: string): void {
    const known = values.get(name) ?? new Set();
    values.set(name, known.add(value));
  }

  for (const some of [variables, ...[...jobs.values()].map((job) => job?.variables)]) {
    for (const [name, variable] of some ?? [])
      if (variable !== null && !variable.isRaw) add(name, variable.value);
  }
  for (const job of jobs.values()) {
    for (const row of typeof job?.parallel === 'object' ? (job.parallel ?? []) : []) {
      for (const [name, given] of row) for (const value of given) add(name, value);
    }
  }
  return values;
}
