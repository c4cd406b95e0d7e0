import type { FormattedResponse, RequesterType } from '@gitbeaker/requester-utils';
import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import type { ProjectId } from '@sideband/shared/names';
import { z } from 'zod';
import { shapeError } from './answer-error.ts';
import { type GitLabVersion, isAtLeast, parseGitLabVersion } from './gitlab-version.ts';
import type { MergedConfiguration } from './port.ts';
import { readServer } from './read-server.ts';

/** A large monorepo's merged configuration is some 500 kB; GitLab itself would merge 300 MB. */
const YAML_LIMIT = 4 * 1024 * 1024;

const lintSchema = z.object({ valid: z.boolean(), merged_yaml: z.string().nullish() });

type ReadConfiguration = (project: ProjectId, commit: string) => Promise<MergedConfiguration>;

/**
 * Reads merged CI configurations. GitLab's version is asked for once, before the first: `ci/lint` ignores, without a
 * word, the parameter it does not know, and answers with another commit's configuration.
 */
export function createConfigurationReader(requester: RequesterType, log: Log): ReadConfiguration {
  let version: Promise<GitLabVersion | undefined> | undefined;

  function askVersion(): Promise<GitLabVersion | undefined> {
    version ??= readVersion(requester).catch((error: unknown) => {
      version = undefined;
      throw error;
    });
    return version;
  }

  return async (project, commit) => {
    const parameter = commitParameter(await askVersion());
    const query = parameter === undefined ? {} : { [parameter]: commit };
    const yaml = await lint(requester, project, query, log);
    return parameter === undefined ? { yaml, ofDefaultBranch: true } : { yaml };
  };
}

/** A GitLab that does not say its version is taken for a new one. */
async function readVersion(requester: RequesterType): Promise<GitLabVersion | undefined> {
  try {
    return parseGitLabVersion((await readServer(requester)).version);
  } catch (error) {
    if (isSidebandError(error, 'GITLAB_REFUSED') || isSidebandError(error, 'GITLAB_NOT_FOUND'))
      return undefined;
    throw error;
  }
}

/** From 16.10 the two names exclude each other (`lib/api/lint.rb`); before 16.5 no commit can be named at all. */
function commitParameter(version: GitLabVersion | undefined): 'contentRef' | 'sha' | undefined {
  if (version === undefined || isAtLeast(version, 16, 10)) return 'contentRef';
  return isAtLeast(version, 16, 5) ? 'sha' : undefined;
}

async function lint(
  requester: RequesterType,
  project: ProjectId,
  searchParams: Record<string, string>,
  log: Log,
): Promise<string | undefined> {
  const path = `projects/${project}/ci/lint`;
  try {
    const answer: FormattedResponse = await requester.get(path, { searchParams });
    const parsed = lintSchema.safeParse(answer.body);
    if (!parsed.success) throw shapeError(path, 'malformed', 'expected valid and merged_yaml');
    const { valid, merged_yaml: yaml } = parsed.data;
    if (!valid || !yaml) return undefined;
    if (yaml.length <= YAML_LIMIT) return yaml;
  } catch (error) {
    // Asked again it would be as large.
    if (!isSidebandError(error) || error.details['reason'] !== 'too-large') throw error;
  }
  log.warn({ project }, 'A CI configuration is too large to be read and is left out');
  return undefined;
}
