import { isSidebandError } from '@sideband/shared/errors';
import type { GitLab, GitLabJob } from '../../gitlab/port.ts';
import type { ConfiguredImages, LookUpConfiguredImages } from '../configured-images.ts';
import type { ConfigurationCache, KnownConfiguration, NoConfiguration } from './cache.ts';
import type { WholeConfiguration } from './configuration.ts';
import { imagesOfJob } from './images-of-job.ts';
import { predefinedVariables } from './predefined.ts';
import { readConfiguration } from './read-configuration.ts';
import { whyForeign } from './whose-configuration.ts';

/** SHA-1, or SHA-256 in repositories of that kind. It becomes a part of a Redis key. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

const WITHOUT: Readonly<Record<NoConfiguration, string>> = {
  none: 'the configuration of its commit',
  'of-default-branch': 'image: this GitLab tells the configuration of the default branch only',
};

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
    const { commit, pipelineSource } = job;
    const foreign = whyForeign(pipelineSource);
    if (foreign !== undefined) return nothing(foreign);
    if (commit === undefined || !COMMIT.test(commit)) return nothing(WITHOUT.none);
    const configuration = await configurationOf(gitlab, job, commit);
    if (typeof configuration === 'string') return nothing(WITHOUT[configuration]);
    const found = imagesOfJob(configuration, job.name, predefinedVariables(job));
    return found ?? nothing('the job in the configuration of its commit');
  };
}

function nothing(why: string): ConfiguredImages {
  return { images: [], missing: [why] };
}

async function fetchConfiguration(
  gitlab: GitLab,
  project: GitLabJob['project'],
  commit: string,
): Promise<WholeConfiguration | NoConfiguration> {
  try {
    const { yaml, ofDefaultBranch } = await gitlab.configuration(project, commit);
    // The job's branch may have other images, and another job of its name.
    if (ofDefaultBranch) return 'of-default-branch';
    const read = yaml === undefined ? undefined : await readConfiguration(yaml);
    return read?.ok ? read.value : 'none';
  } catch (error) {
    if (isSidebandError(error, 'GITLAB_REFUSED') || isSidebandError(error, 'GITLAB_NOT_FOUND')) return 'none';
    throw error;
  }
}
