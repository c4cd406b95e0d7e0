/**
 * YAML as it is written: every scalar is its text, so that `1.20` and `20.0` stay what GitLab makes of them (its
 * merged YAML has Ruby's own spelling of a number). Null is a null, which GitLab takes for "not set".
 */
export type Tree = string | null | readonly Tree[] | TreeMap | Reference;
export type TreeMap = ReadonlyMap<string, Tree>;

/** GitLab's `!reference [job, key, …]`. */
export interface Reference {
  readonly path: readonly string[];
}

export function isMap(tree: Tree | undefined): tree is TreeMap {
  return tree instanceof Map;
}

export function isList(tree: Tree | undefined): tree is readonly Tree[] {
  return Array.isArray(tree);
}

export function isReference(tree: Tree | undefined): tree is Reference {
  return typeof tree === 'object' && tree !== null && 'path' in tree;
}
