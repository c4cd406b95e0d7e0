import type { Variable, Variables } from './configuration.ts';
import { isList, isMap, type Tree } from './tree.ts';
import type { Unfolder } from './unfold.ts';

/** What is longer is no part of an image's name. */
const MAX_VALUE = 2_048;
/** How deep GitLab lets lists of rules lie in each other. */
const MAX_NESTING = 10;

/** `NAME: text` or `NAME: {value, expand, …}`. Counts `work.left` down by what is read. */
export function readVariables(
  tree: Tree | undefined,
  { follow }: Unfolder,
  work: { left: number },
): Variables {
  const variables = follow(tree) ?? new Map<string, Tree>();
  if (!isMap(variables)) return null;
  const read = new Map<string, Variable | null>();
  for (const [name, value] of variables) {
    const variable = readVariable(follow(value), follow);
    work.left -= name.length + (variable?.value.length ?? 0);
    if (work.left < 0) return null;
    read.set(name, variable);
  }
  return read;
}

function readVariable(tree: Tree | undefined, follow: Unfolder['follow']): Variable | null {
  if (!isMap(tree)) return text(tree, false);
  // Without a value it is an empty text to GitLab.
  return text(follow(tree.get('value')) ?? '', follow(tree.get('expand')) === 'false');
}

function text(value: Tree | undefined, isRaw: boolean): Variable | null {
  return typeof value === 'string' && value.length <= MAX_VALUE ? { value, isRaw } : null;
}

/** The names of all variables that one of these rules sets. Null: not understood. */
export function readRuleVariables(
  tree: Tree | undefined,
  { follow }: Unfolder,
  work: { left: number },
): readonly string[] | null {
  const names = new Set<string>();

  function read(rule: Tree | undefined, depth: number): boolean {
    work.left -= 1;
    if (work.left < 0) return false;
    const known = follow(rule) ?? [];
    if (isList(known)) return depth < MAX_NESTING && known.every((one) => read(one, depth + 1));
    const variables = isMap(known) ? (follow(known.get('variables')) ?? new Map<string, Tree>()) : undefined;
    if (!isMap(variables)) return false;
    for (const name of variables.keys()) {
      work.left -= name.length;
      names.add(name);
    }
    return true;
  }

  return read(tree, 0) ? [...names] : null;
}
