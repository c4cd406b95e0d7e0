import { SidebandError } from '@sideband/shared/errors';
import { quote } from '@sideband/shared/quote';
import { z } from 'zod';
import type { GitLabConfig } from '../config-gitlab.ts';
import { readGitLabs } from '../config-gitlabs.ts';
import { refusedBy } from '../config-problem.ts';
import type { SecretSources } from '../config-secret.ts';
import { gitLabUrl, redisUrl } from '../config-values.ts';

/** What the commands need of the collector's settings. */
export interface CliSettings {
  readonly gitLabs: readonly GitLabConfig[];
  readonly publicUrl: string | undefined;
  /** May hold a password. */
  readonly redisUrl: (() => string) | undefined;
}

const settings = z.object({ SIDEBAND_PUBLIC_URL: gitLabUrl.optional(), SIDEBAND_REDIS: redisUrl.optional() });

/** Throws `CONFIG_INVALID`. A setting that no command uses is not looked at: the collector itself does that. */
export function readCliSettings(sources: SecretSources): CliSettings {
  const values = settings.safeParse(sources.env);
  const gitLabs = readGitLabs(sources);
  if (!values.success || !gitLabs.ok) {
    const problems = [...refusedBy(values.error), ...(gitLabs.ok ? [] : gitLabs.error)];
    throw new SidebandError('CONFIG_INVALID', { problems });
  }
  const redis = values.data.SIDEBAND_REDIS;
  return {
    gitLabs: gitLabs.value,
    publicUrl: values.data.SIDEBAND_PUBLIC_URL,
    redisUrl: redis === undefined ? undefined : () => redis,
  };
}

/** The one that is named, or the only one there is. Throws `CONFIG_INVALID`. */
export function chooseGitLab({ gitLabs }: CliSettings, name: string | undefined): GitLabConfig {
  const [first, ...more] = gitLabs;
  const names = gitLabs.map(({ instance }) => instance).join(', ');
  if (name === undefined) {
    if (first !== undefined && more.length === 0) return first;
    throw wrong(`there are several GitLabs, say which: ${names}`);
  }
  const named = gitLabs.find(({ instance }) => instance === name);
  if (named !== undefined) return named;
  throw wrong(`there is no GitLab ${quote(name)}: ${names}`);
}

/** Its hooks are refused without one. */
export function wantsSignature({ hooks: { require } }: GitLabConfig): boolean {
  return require === 'signature' || require === 'both';
}

function wrong(problem: string): SidebandError {
  return new SidebandError('CONFIG_INVALID', { problems: [{ setting: '--gitlab', problem }] });
}
