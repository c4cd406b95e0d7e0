import { errorText } from '@sideband/shared/errors';
import { ok, type Result, refuse } from '@sideband/shared/result';
import { GITLAB_SETTINGS } from '@sideband/shared/setting-names';
import { type GitLabConfig, readGitLab } from './config-gitlab.ts';
import { readGitLabsFile } from './config-gitlabs-file.ts';
import type { Problem } from './config-problem.ts';
import type { OnRefused, SecretSources } from './config-secret.ts';

/** The GitLab of the environment, or those of the file that `SIDEBAND_GITLABS` names. */
export function readGitLabs(sources: SecretSources): Result<readonly GitLabConfig[], readonly Problem[]> {
  const file = sources.env['SIDEBAND_GITLABS'];
  if (file === undefined) {
    const one = readGitLab(sources);
    return one.ok ? ok([one.value]) : one;
  }
  const both = GITLAB_SETTINGS.filter((name) => sources.env[name] !== undefined);
  if (both.length > 0) {
    const problem = 'is set, and so is SIDEBAND_GITLABS: what is said of a GitLab belongs into its file';
    return refuse(both.map((setting) => ({ setting, problem })));
  }
  const text = readList(sources, file);
  if (!text.ok) return text;
  const entries = readGitLabsFile(text.value, file);
  if (!entries.ok) return entries;
  const read = entries.value.map((entry) => {
    // One secret may do for all of them: what is derived from it differs by their names.
    const shared = Object.fromEntries(
      ['SIDEBAND_HOOK_SECRET', 'SIDEBAND_HOOK_SECRET_FILE'].map((name) => [name, sources.env[name]]),
    );
    const hasOwn = entry.env['SIDEBAND_HOOK_SECRET_FILE'] !== undefined;
    const env = { ...(hasOwn ? {} : shared), ...entry.env };
    const onRefused: OnRefused = (setting, message) => sources.onRefused?.(entry.where(setting), message);
    const gitLab = readGitLab({ ...sources, env, onRefused });
    if (gitLab.ok) return gitLab;
    return refuse(gitLab.error.map(({ setting, problem }) => ({ setting: entry.where(setting), problem })));
  });
  const problems = read.flatMap((one) => (one.ok ? [] : one.error));
  const gitLabs = read.flatMap((one) => (one.ok ? [one.value] : []));
  const twice = gitLabs.find(
    (one, index) => gitLabs.findIndex((other) => other.instance === one.instance) < index,
  );
  if (problems.length === 0 && twice === undefined) return ok(gitLabs);
  const sameName = twice && {
    setting: file,
    problem: `two GitLabs are named ${twice.instance}: name one of them`,
  };
  return refuse([...problems, ...(sameName ? [sameName] : [])]);
}

function readList({ readFile }: SecretSources, file: string): Result<string, readonly Problem[]> {
  try {
    return ok(readFile(file));
  } catch (error) {
    return refuse([{ setting: 'SIDEBAND_GITLABS', problem: `cannot be read: ${errorText(error)}` }]);
  }
}
