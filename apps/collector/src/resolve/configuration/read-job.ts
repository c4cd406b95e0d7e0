import type { ConfiguredJob, Inherit } from './configuration.ts';
import { readImage, readServices } from './read-images.ts';
import { readParallel } from './read-parallel.ts';
import { readRuleVariables, readVariables } from './read-variables.ts';
import { isList, isMap, type Tree } from './tree.ts';
import type { Unfolder } from './unfold.ts';

/** A job with what it extends; null where that is not understood. Counts `work.left` down by what is read. */
export function readJob(name: string, unfolder: Unfolder, work: { left: number }): ConfiguredJob | null {
  const job = unfolder.job(name);
  if (job === undefined) return null;
  const at = (key: string): Tree | undefined => unfolder.follow(job.get(key)) ?? undefined;
  const inherit = at('inherit') ?? new Map<string, Tree>();
  const inherits = (key: string): Inherit =>
    isMap(inherit) ? readInherit(inherit.get(key), unfolder) : null;
  const stage = at('stage') ?? 'test';
  return {
    image: readImage(at('image'), unfolder),
    services: readServices(at('services'), unfolder),
    stage: typeof stage === 'string' ? stage : null,
    variables: readVariables(at('variables'), unfolder, work),
    ruleVariables: readRuleVariables(at('rules'), unfolder, work),
    inheritDefault: inherits('default'),
    inheritVariables: inherits('variables'),
    parallel: readParallel(at('parallel'), unfolder, work),
    isTrigger: isTrigger(at('trigger'), at('needs'), job),
  };
}

function readInherit(tree: Tree | undefined, { follow }: Unfolder): Inherit {
  const inherit = follow(tree) ?? 'true';
  if (inherit === 'true' || inherit === 'false') return inherit === 'true';
  if (!isList(inherit)) return null;
  const names = inherit.filter((name) => typeof name === 'string');
  return names.length === inherit.length ? names : null;
}

/** Also one that only mirrors another pipeline: `needs: {pipeline: …}` and nothing to do. */
function isTrigger(
  trigger: Tree | undefined,
  needs: Tree | undefined,
  job: ReadonlyMap<string, Tree>,
): boolean {
  if (job.has('script') || job.has('run')) return false;
  return trigger !== undefined || needs !== undefined;
}
