import { isList, isMap, isReference, type Tree, type TreeMap } from './tree.ts';

/** GitLab's limits, beyond which it refuses a configuration: eleven levels of `extends`, ten of `!reference`. */
const MAX_ANCESTORS = 10;
const MAX_REFERENCES = 10;
/** GitLab merges maps at any depth; below a job what matters lies at most two deep: `variables`, a name, its value. */
const MERGED_DEPTH = 2;

/** A configuration's `extends` and `!reference`, where GitLab left any to be followed. */
export interface Unfolder {
  /** The job with what it extends; undefined where that cannot be found, or goes in a circle. */
  job(name: string): TreeMap | undefined;
  /** The value that a reference stands for, and any other as it is. A reference that leads nowhere stays one. */
  follow(tree: Tree | undefined): Tree | undefined;
}

/** `work.left` is counted down by what is merged, so that many aliases of one great map cost little: look at it. */
export function createUnfolder(top: TreeMap, work: { left: number }): Unfolder {
  const unfolded = new Map<string, TreeMap | undefined>();

  function job(name: string, above: readonly string[]): TreeMap | undefined {
    if (unfolded.has(name)) return unfolded.get(name);
    if (above.includes(name) || above.length > MAX_ANCESTORS) return undefined;
    const merged = extended(top.get(name), [...above, name]);
    unfolded.set(name, merged);
    return merged;
  }

  function extended(own: Tree | undefined, names: readonly string[]): TreeMap | undefined {
    if (!isMap(own)) return undefined;
    const extend = own.get('extends') ?? [];
    let merged: TreeMap = new Map();
    for (const base of isList(extend) ? extend : [extend]) {
      const one = typeof base === 'string' ? job(base, names) : undefined;
      if (one === undefined) return undefined;
      merged = merge(merged, one, MERGED_DEPTH, work);
    }
    return merge(merged, own, MERGED_DEPTH, work);
  }

  function follow(tree: Tree | undefined, depth: number): Tree | undefined {
    if (!isReference(tree) || depth === MAX_REFERENCES) return tree;
    const [name = '', ...keys] = tree.path;
    let found: Tree | undefined = isMap(top.get(name)) ? job(name, []) : top.get(name);
    for (const key of keys) found = isMap(found) ? found.get(key) : undefined;
    return found === undefined ? tree : follow(found, depth + 1);
  }

  return { job: (name) => job(name, []), follow: (tree) => follow(tree, 0) };
}

/** As Ruby's `deep_merge`: maps are merged, anything else of `over`, a null too, takes the place of what is there. */
function merge(under: TreeMap, over: TreeMap, depth: number, work: { left: number }): TreeMap {
  if (under.size === 0) return over;
  work.left -= under.size + over.size;
  if (work.left < 0) return over;
  const merged = new Map(under);
  for (const [key, value] of over) {
    const before = under.get(key);
    const both = depth > 0 && isMap(before) && isMap(value);
    merged.set(key, both ? merge(before, value, depth - 1, work) : value);
  }
  return merged;
}
