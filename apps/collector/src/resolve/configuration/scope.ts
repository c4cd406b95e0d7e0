import { quote } from '@sideband/shared/quote';
import type { Configuration, ConfiguredJob, Inherit, Variable, Variables } from './configuration.ts';
import { expand } from './expand.ts';

/** How far variables of variables are followed. */
const MAX_DEPTH = 32;

/** Of one job, about 20 ms: variables that refer to many others could be followed along more ways than time is left. */
export const MAX_LOOK_UPS = 5_000;

/** The variables that one job sees, strongest first. */
export interface Scope {
  readonly job: ConfiguredJob;
  /** What the job's `parallel:` gives it. */
  readonly ofParallel: ReadonlyMap<string, string>;
  readonly configuration: Configuration;
  readonly predefined: ReadonlyMap<string, string>;
  /** Look-ups that are left; counted down. */
  readonly work: { left: number };
}

export type Expanded =
  | { readonly text: string }
  /** One short sentence for each thing that is not known. */
  | { readonly missing: readonly string[] };

/**
 * Expands the variables in a name, as far as the configuration and the job tell them: first what the job's rules may
 * set, which is taken for unknown; then what its `parallel:` gives it, its own variables, global ones where it inherits
 * them, and predefined ones. A variable of the project, its groups or the instance, or one given to a pipeline, may
 * override any of them unseen. That is a part of why a configuration is weaker evidence than a trace, and is not said
 * of each name.
 *
 * The runner expands a name once. The variables it gets are expanded before, with those in them: by GitLab
 * (`sort_and_expand_all`), and once more by the runner; raw ones (`expand: false`) are left as they are.
 */
export function expandIn(scope: Scope, text: string): Expanded {
  const values = new Map<string, string | undefined>();
  const missing = new Set<string>();

  function unknown(why: string): undefined {
    missing.add(why);
  }

  function resolve(name: string, above: readonly string[]): string | undefined {
    if (scope.work.left <= 0) return unknown('too many variables refer to each other');
    scope.work.left -= 1;
    if (values.has(name)) return values.get(name);
    if (above.includes(name)) return unknown(`${shown(name)} refers to itself`);
    if (above.length === MAX_DEPTH) return unknown(`${shown(name)} lies too deep in other variables`);
    const found = find(scope, name);
    const value =
      'why' in found
        ? unknown(`${shown(name)} ${found.why}`)
        : found.isRaw
          ? found.value
          : expand(found.value, (inner) => resolve(inner, [...above, name]));
    values.set(name, value);
    return value;
  }

  const expanded = expand(text, (name) => resolve(name, []));
  if (expanded !== undefined) return { text: expanded };
  return { missing: missing.size > 0 ? [...missing] : ['its variables make it too long'] };
}

interface Unknown {
  readonly why: string;
}

const SET_BY_A_RULE: Unknown = { why: 'may be set by a rule' };
const NOT_UNDERSTOOD: Unknown = { why: 'is set in a way that is not understood' };

function find({ job, ofParallel, configuration, predefined }: Scope, name: string): Variable | Unknown {
  if (job.ruleVariables?.includes(name) !== false) return SET_BY_A_RULE;
  const fixed = ofParallel.get(name);
  if (fixed !== undefined) return { value: fixed, isRaw: false };
  return (
    findIn(job.variables, name) ??
    findGlobal(configuration, job.inheritVariables, name) ??
    findPredefined(predefined, name)
  );
}

function findGlobal(
  { variables, workflowVariables }: Configuration,
  inherit: Inherit,
  name: string,
): Variable | Unknown | undefined {
  if (inherit === null) return NOT_UNDERSTOOD;
  if (inherit === false || (inherit !== true && !inherit.includes(name))) return undefined;
  return workflowVariables?.includes(name) === false ? findIn(variables, name) : SET_BY_A_RULE;
}

function findIn(variables: Variables, name: string): Variable | Unknown | undefined {
  const variable = variables === null ? null : variables.get(name);
  return variable === null ? NOT_UNDERSTOOD : variable;
}

/** Their values may come from a branch's name: what looks like a variable in them makes a name nobody can use. */
function findPredefined(predefined: ReadonlyMap<string, string>, name: string): Variable | Unknown {
  const value = predefined.get(name);
  return value === undefined ? { why: 'is not in the configuration' } : { value, isRaw: true };
}

/** What stands in braces may be anything. */
function shown(name: string): string {
  return /^\w{1,80}$/.test(name) ? `$${name}` : quote(`\${${name}}`);
}
