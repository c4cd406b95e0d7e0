import { type Clock, systemClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { COLLECTOR_SETTINGS, unknownSettings } from '@sideband/shared/setting-names';
import { z } from 'zod';
import type { GitLabConfig } from './config-gitlab.ts';
import { readGitLabs } from './config-gitlabs.ts';
import { type Problem, refused, refusedBy } from './config-problem.ts';
import { type Environment, type OnRefused, type ReadFile, readSecret, type Secret } from './config-secret.ts';
import {
  countBetween,
  durationBetween,
  gitLabUrl,
  listenAddress,
  logLevel,
  redisUrl,
} from './config-values.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface CollectorConfig {
  /** May hold a password. */
  readonly redisUrl: Secret;
  readonly listen: Address;
  /** One at least; no two of a name. */
  readonly gitLabs: readonly GitLabConfig[];
  /** Where GitLab reaches the collector, without a slash at its end; undefined: no hook is installed. */
  readonly publicUrl: string | undefined;
  /** How many proxies stand before the collector and say in `X-Forwarded-For` who asked. */
  readonly proxyDepth: number;
  /** `undefined`: one is generated and shown once. */
  readonly password: Secret | undefined;
  readonly reconcileEveryMs: number;
  readonly lookBackMs: number;
  readonly backFillMs: number;
  /** Undefined: no metrics are served. */
  readonly metrics: Address | undefined;
  readonly logLevel: z.infer<typeof logLevel>;
}

const settings = z.object({
  SIDEBAND_REDIS: redisUrl,
  SIDEBAND_LISTEN: listenAddress.prefault('127.0.0.1:8080'),
  SIDEBAND_PUBLIC_URL: gitLabUrl.optional(),
  SIDEBAND_PROXY_DEPTH: countBetween(0, 10).prefault('0'),
  SIDEBAND_RECONCILE_EVERY: durationBetween('1s', '1d').prefault('1h'),
  SIDEBAND_LOOK_BACK: durationBetween('1m', '90d').prefault('7d'),
  SIDEBAND_BACK_FILL: durationBetween('1m', '90d').prefault('7d'),
  SIDEBAND_METRICS: listenAddress.optional(),
  SIDEBAND_LOG_LEVEL: logLevel.prefault('info'),
});

const SOURCES =
  'Settings come from the environment only, several GitLabs from the file that SIDEBAND_GITLABS names; a secret also from the file that the same name with _FILE names.';

/**
 * Reads the collector's settings from the environment; an empty variable counts as not set. Throws
 * `CONFIG_INVALID`, whose details name every setting that was refused and the forms it may have. `onRefused` hears
 * later of files of secrets that cannot be used any more.
 */
export function readConfig(
  environment: Environment,
  readFile: ReadFile,
  { clock = systemClock, ...telling }: { readonly clock?: Clock; readonly onRefused?: OnRefused } = {},
): CollectorConfig {
  const sources = { env: withoutEmpty(environment), readFile, clock, ...telling };
  const values = settings.safeParse(sources.env);
  const gitLabs = readGitLabs(sources);
  const password = readSecret(sources, 'SIDEBAND_PASSWORD');
  const problems: readonly Problem[] = [
    ...unknownSettings(COLLECTOR_SETTINGS, Object.keys(environment)),
    ...refusedBy(values.error),
    ...(gitLabs.ok ? [] : gitLabs.error),
    ...refused('SIDEBAND_PASSWORD', password),
  ];
  if (!values.success || !gitLabs.ok || !password.ok || problems.length > 0) {
    throw new SidebandError('CONFIG_INVALID', { problems, sources: SOURCES });
  }
  const { data } = values;
  return {
    redisUrl: () => data.SIDEBAND_REDIS,
    listen: data.SIDEBAND_LISTEN,
    gitLabs: gitLabs.value,
    publicUrl: data.SIDEBAND_PUBLIC_URL,
    proxyDepth: data.SIDEBAND_PROXY_DEPTH,
    password: password.value,
    reconcileEveryMs: data.SIDEBAND_RECONCILE_EVERY,
    lookBackMs: data.SIDEBAND_LOOK_BACK,
    backFillMs: data.SIDEBAND_BACK_FILL,
    metrics: data.SIDEBAND_METRICS,
    logLevel: data.SIDEBAND_LOG_LEVEL,
  };
}

/** Compose files and units write an empty text for what is not set. */
function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
}
