import { type ImageReference, parseImageReference } from '@sideband/shared/image-reference';
import type { ConfiguredImages } from '../configured-images.ts';
import type { Configuration, ConfiguredJob, ImageSettings } from './configuration.ts';
import { findJob } from './find-job.ts';
import { expandIn, MAX_LOOK_UPS, type Scope } from './scope.ts';

const MAX_MISSING = 20;

type Role = ConfiguredImages['images'][number]['role'];

/**
 * What this job of the pipeline uses, as far as the configuration goes. `predefined`: what is known of GitLab's own
 * variables. Undefined where the configuration has no such job: a child pipeline's has another configuration.
 */
export function imagesOfJob(
  configuration: Configuration,
  jobName: string,
  predefined: ReadonlyMap<string, string>,
): ConfiguredImages | undefined {
  const found = findJob(configuration, jobName);
  if (found === undefined) return undefined;
  const { job, variables } = found;
  if (job === null) return nothing('the job is written in a way that is not understood');
  if (job.isTrigger) return { images: [], missing: [] };
  if (variables === undefined) return nothing('parallel: the name fits several jobs of the matrix');

  const stage = job.stage === null ? [] : [['CI_JOB_STAGE', job.stage] as const];
  const scope: Scope = {
    ...{ job, ofParallel: variables, configuration },
    predefined: new Map([...predefined, ...stage]),
    work: { left: MAX_LOOK_UPS },
  };
  const images: { readonly role: Role; readonly name: ImageReference }[] = [];
  const missing = new Set<string>();

  function add(role: Role, keyword: string, written: string | null): void {
    const { name, why } = nameOf(written, scope);
    if (name !== undefined) images.push({ role, name });
    for (const reason of why) missing.add(`${keyword}: ${reason}`);
  }

  const image = settingOf(job, configuration.defaults, 'image');
  if (image === undefined) missing.add('image: the runner’s own default image');
  else add('build', 'image', image);
  const services = settingOf(job, configuration.defaults, 'services');
  if (services === null) missing.add('services: written in a way that is not understood');
  else for (const service of services ?? []) add('service', 'services', service);
  return { images, missing: [...missing].slice(0, MAX_MISSING) };
}

function nothing(why: string): ConfiguredImages {
  return { images: [], missing: [why] };
}

/** The job's own setting, else the default one where the job inherits it. */
function settingOf<K extends keyof ImageSettings>(
  job: ConfiguredJob,
  defaults: ImageSettings,
  keyword: K,
): ImageSettings[K] | null {
  const own = job[keyword];
  if (own !== undefined) return own;
  if (job.inheritDefault === null) return null;
  const inherits = job.inheritDefault === true || (job.inheritDefault || []).includes(keyword);
  return inherits ? defaults[keyword] : undefined;
}

function nameOf(
  written: string | null,
  scope: Scope,
): { readonly name: ImageReference | undefined; readonly why: readonly string[] } {
  if (written === null) return { name: undefined, why: ['written in a way that is not understood'] };
  const expanded = expandIn(scope, written);
  if ('missing' in expanded) return { name: undefined, why: expanded.missing };
  const name = parseImageReference(expanded.text);
  return name.ok ? { name: name.value, why: [] } : { name: undefined, why: [name.error.message] };
}
