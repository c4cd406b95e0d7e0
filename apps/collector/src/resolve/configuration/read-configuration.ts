import { setImmediate } from 'node:timers/promises';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import type { ConfiguredJob, WholeConfiguration } from './configuration.ts';
import { dropUnused } from './drop-unused.ts';
import { readImage, readServices } from './read-images.ts';
import { readJob } from './read-job.ts';
import { readTree } from './read-tree.ts';
import { readRuleVariables, readVariables } from './read-variables.ts';
import { isMap, type Tree } from './tree.ts';
import { createUnfolder } from './unfold.ts';

/** GitLab's keywords at the top of a configuration; `types` was its word for stages before GitLab 15. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...['default', 'include', 'spec', 'stages', 'types', 'variables', 'workflow'],
  ...['image', 'services', 'before_script', 'after_script', 'cache'],
]);

// Hooks are answered by this thread: see `read-tree.ts`.
const JOBS_A_TURN = 50;

/**
 * In characters, what all jobs say together: each has its own copy of what it extends, and aliases can make that much
 * more than the text is. 5,000 jobs of 30 variables say as much.
 */
const MAX_WORK = 8 * 2 ** 20;

/**
 * Reads what GitLab merged, as YAML. Keys that say nothing about images are passed over. Refuses, with a reason:
 * `too-large`, `not-yaml`, `not-a-map`.
 */
export async function readConfiguration(yaml: string): Promise<Result<WholeConfiguration, Refusal>> {
  const tree = await readTree(yaml);
  if (!tree.ok) return tree;
  const work = { left: MAX_WORK };
  const unfolder = createUnfolder(tree.value, work);
  const jobs = new Map<string, ConfiguredJob | null>();
  for (const [name, value] of tree.value) {
    if (KEYWORDS.has(name) || name.startsWith('.') || !isMap(value)) continue;
    jobs.set(name, readJob(name, unfolder, work));
    if (work.left < 0) {
      const message = `The CI configuration cannot be read: its jobs say more than ${MAX_WORK} characters`;
      return refuse({ reason: 'too-large', message });
    }
    if (jobs.size % JOBS_A_TURN === 0) await setImmediate();
  }
  const at = (key: string): Tree | undefined => unfolder.follow(tree.value.get(key));
  const defaults = at('default');
  const workflow = at('workflow');
  // Where both say it GitLab refuses the configuration.
  const byDefault = (key: string): Tree | undefined =>
    (isMap(defaults) ? defaults.get(key) : null) ?? at(key);
  const configuration: WholeConfiguration = {
    defaults: {
      image: readImage(byDefault('image'), unfolder),
      services: readServices(byDefault('services'), unfolder),
    },
    variables: readVariables(at('variables'), unfolder, work),
    workflowVariables: readRuleVariables(isMap(workflow) ? workflow.get('rules') : undefined, unfolder, work),
    jobs,
  };
  return ok(await dropUnused(configuration));
}
