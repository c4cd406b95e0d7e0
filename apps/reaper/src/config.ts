import { SidebandError } from '@sideband/shared/errors';
import type { HostName, SystemId } from '@sideband/shared/names';
import { REAPER_SETTINGS, unknownSettings } from '@sideband/shared/setting-names';
import * as z from 'zod/mini';
import {
  absolutePath,
  absolutePaths,
  durationBetween,
  engineSocket,
  hostName,
  listenAddress,
  logLevel,
  machineInstance,
  noRedis,
  redisUrl,
  runnerList,
  systemIds,
} from './config-values.ts';

export interface ReaperConfig {
  /** May hold a password, so it is handed over only when it is called for. Undefined: the reaper stands alone. */
  readonly redisUrl: (() => string) | undefined;
  readonly engine: `unix://${string}`;
  /** Undefined: the machine's own name. */
  readonly host: HostName | undefined;
  readonly stateDirectory: string;
  /** Undefined: the built-in policy, which only observes. */
  readonly policyFile: string | undefined;
  readonly systemIds: readonly SystemId[];
  readonly systemIdFile: string;
  /** What an autoscaler calls this machine; undefined: it was made by none. */
  readonly instance: string | undefined;
  /** As the reaper sees them; undefined: where the engine says they are. */
  readonly imageRoots: readonly string[] | undefined;
  readonly lookEveryMs: number;
  readonly checkEveryMs: number;
  /** What GitLab is known to have said is stale when it ends longer ago than this. */
  readonly staleAfterMs: number;
  /** Where the runner lists its running jobs, `http://127.0.0.1:9252`; undefined: it is not asked. */
  readonly runnerList: string | undefined;
  /** Undefined: no metrics are served. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: z.infer<typeof logLevel>;
}

const common = {
  SIDEBAND_ENGINE: engineSocket,
  SIDEBAND_HOST: z.optional(hostName),
  SIDEBAND_STATE_DIR: z.prefault(absolutePath, '/var/lib/sideband'),
  SIDEBAND_POLICY: z.optional(absolutePath),
  SIDEBAND_SYSTEM_IDS: z.optional(systemIds),
  SIDEBAND_SYSTEM_ID_FILE: z.prefault(absolutePath, '/etc/gitlab-runner/.runner_system_id'),
  SIDEBAND_INSTANCE: z.optional(machineInstance),
  SIDEBAND_IMAGE_ROOTS: z.optional(absolutePaths),
  // A disk can take 7 GB a minute, so a look is never further away than that.
  SIDEBAND_LOOK_EVERY: z.prefault(durationBetween('100ms', '1m'), '5s'),
  SIDEBAND_CHECK_EVERY: z.prefault(durationBetween('1s', '1h'), '60s'),
  // The collector says how far it is after each of its polls, which are an hour apart and take up to half of one.
  SIDEBAND_STALE_AFTER: z.prefault(durationBetween('1m', '7d'), '3h'),
  SIDEBAND_RUNNER_LIST: z.optional(runnerList),
  SIDEBAND_METRICS: z.optional(listenAddress),
  SIDEBAND_LOG_LEVEL: z.prefault(logLevel, 'info'),
};
const settings = z.object({ SIDEBAND_REDIS: redisUrl, ...common });
const standaloneSettings = z.object({ SIDEBAND_REDIS: noRedis, ...common });

const NOT_DOCKER_HOST =
  '. DOCKER_HOST is not used in its place: it was set for other programs, may point at another machine, and the reaper deletes images';

/**
 * Reads the reaper's settings from the environment; an empty variable counts as not set. Throws `CONFIG_INVALID`,
 * whose details name every setting that was refused and the forms it may have.
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  { standalone }: { readonly standalone: boolean } = { standalone: false },
): ReaperConfig {
  // Compose files and units write an empty text for what is not set.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const values = z.safeParse(standalone ? standaloneSettings : settings, given);
  const unknown = unknownSettings(REAPER_SETTINGS, Object.keys(env));
  if (!values.success || unknown.length > 0) {
    const refused = values.error?.issues ?? [];
    const wrong = refused.map(({ path, message }) => ({
      setting: String(path[0]),
      problem: message + adviceFor(String(path[0]), given),
    }));
    throw new SidebandError('CONFIG_INVALID', { problems: [...unknown, ...wrong] });
  }
  const { data } = values;
  const redis = data.SIDEBAND_REDIS;
  return {
    redisUrl: redis === undefined ? undefined : () => redis,
    engine: data.SIDEBAND_ENGINE,
    host: data.SIDEBAND_HOST,
    stateDirectory: data.SIDEBAND_STATE_DIR,
    policyFile: data.SIDEBAND_POLICY,
    systemIds: data.SIDEBAND_SYSTEM_IDS ?? [],
    systemIdFile: data.SIDEBAND_SYSTEM_ID_FILE,
    instance: data.SIDEBAND_INSTANCE,
    imageRoots: data.SIDEBAND_IMAGE_ROOTS,
    lookEveryMs: data.SIDEBAND_LOOK_EVERY,
    checkEveryMs: data.SIDEBAND_CHECK_EVERY,
    staleAfterMs: data.SIDEBAND_STALE_AFTER,
    runnerList: data.SIDEBAND_RUNNER_LIST,
    metrics: data.SIDEBAND_METRICS,
    logLevel: data.SIDEBAND_LOG_LEVEL,
  };
}

/** Who has named an engine for Docker's own programs wonders why that one is not found. */
function adviceFor(setting: string, given: Readonly<Record<string, unknown>>): string {
  const isMissed = setting === 'SIDEBAND_ENGINE' && given[setting] === undefined;
  return isMissed && given['DOCKER_HOST'] !== undefined ? NOT_DOCKER_HOST : '';
}
