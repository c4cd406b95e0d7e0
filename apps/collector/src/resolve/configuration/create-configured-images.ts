import { isSidebandError } from '@sideband/shared/errors';
import type { GitLab, GitLabJob } from '../../gitlab/port.ts';
import type { LookUpConfiguredImages } from '../configured-images.ts';
import type { ConfigurationCache, KnownConfiguration } from './cache.ts';
import { imagesOfJob } from './images-of-job.ts';
import { predefinedVariables } from './predefined.ts';
import { readConfiguration } from './read-configuration.ts';

/** SHA-1, or SHA-256 in repositories of that kind. It becomes a part of a Redis key. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Asks GitLab once for a commit's configuration, however many of its jobs are looked up at a time. */
export function createConfiguredImages(options: {
  readonly cache: ConfigurationCache;
}): LookUpConfiguredImages {
  const { cache } = options;
  const asking = new Map<string, Promise<KnownConfiguration>>();

  function configurationOf(gitlab: GitLab, job: GitLabJob, commit: string): Promise<KnownConfiguration> {
    const key = `${gitlab.instance} ${job.project} ${commit}`;
    const asked = asking.get(key) ?? ask(gitlab, job, commit).finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  }

  async function ask(gitlab: GitLab, { project }: GitLabJob, commit: string): Promise<KnownConfiguration> {
    const known = await cache.get(gitlab.instance, project, commit);
    if (known !== undefined) return known;
    const configuration = await fetchConfiguration(gitlab, project, commit);
    await cache.put(gitlab.instance, project, commit, configuration);
    return configuration;
  }

  return async (gitlab, job) => {
    const { commit } = job;
    if (commit === undefined || !COMMIT.test(commit)) return undefined;
    const configuration = await configurationOf(gitlab, job, commit);
    if (configuration === 'none') return undefined;
    return imagesOfJob(configuration, job.name, predefinedVariables(job));
  };
}

async function fetchConfiguration(
  gitlab: GitLab,
  project: GitLabJob['project'],
  commit: string,
): Promise<KnownConfiguration> {
  try {
    const { yaml } = await gitlab.configuration(project, commit);
    const read = yaml === undefined ? undefined : await readConfiguration(yaml);
    return read?.ok ? read.value : 'none';
  } catch (error) {
    if (isSidebandError(error, 'GITLAB_REFUSED') || isSidebandError(error, 'GITLAB_NOT_FOUND')) return 'none';
    throw error;
  }
}
