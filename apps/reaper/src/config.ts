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
  logLevel,
  redisUrl,
  systemIds,
} from './config-values.ts';

export interface ReaperConfig {
  /** May hold a password, so it is handed over only when it is called for. */
  readonly redisUrl: () => string;
  readonly engine: `unix://${string}`;
  /** Undefined: the machine's own name. */
  readonly host: HostName | undefined;
  readonly stateDirectory: string;
  /** Undefined: the built-in policy, which only observes. */
  readonly policyFile: string | undefined;
  readonly systemIds: readonly SystemId[];
  readonly systemIdFile: string;
  /** As the reaper sees them; undefined: where the engine says they are. */
  readonly imageRoots: readonly string[] | undefined;
  readonly lookEveryMs: number;
  readonly checkEveryMs: number;
  readonly logLevel: z.infer<typeof logLevel>;
}

const settings = z.object({
  SIDEBAND_REDIS: redisUrl,
  SIDEBAND_ENGINE: engineSocket,
  SIDEBAND_HOST: z.optional(hostName),
  SIDEBAND_STATE_DIR: z.prefault(absolutePath, '/var/lib/sideband'),
  SIDEBAND_POLICY: z.optional(absolutePath),
  SIDEBAND_SYSTEM_IDS: z.optional(systemIds),
  SIDEBAND_SYSTEM_ID_FILE: z.prefault(absolutePath, '/etc/gitlab-runner/.runner_system_id'),
  SIDEBAND_IMAGE_ROOTS: z.optional(absolutePaths),
  // A disk can take 7 GB a minute, so a look is never further away than that.
  SIDEBAND_LOOK_EVERY: z.prefault(durationBetween('100ms', '1m'), '5s'),
  SIDEBAND_CHECK_EVERY: z.prefault(durationBetween('1s', '1h'), '60s'),
  SIDEBAND_LOG_LEVEL: z.prefault(logLevel, 'info'),
});

/**
 * Reads the reaper's settings from the environment; an empty variable counts as not set. Throws `CONFIG_INVALID`,
 * whose details name every setting that was refused and the forms it may have.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ReaperConfig {
  // Compose files and units write an empty text for what is not set.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const values = z.safeParse(settings, given);
  const unknown = unknownSettings(REAPER_SETTINGS, Object.keys(env));
  if (!values.success || unknown.length > 0) {
    const refused = values.error?.issues ?? [];
    const wrong = refused.map(({ path, message }) => ({ setting: String(path[0]), problem: message }));
    throw new SidebandError('CONFIG_INVALID', { problems: [...unknown, ...wrong] });
  }
  const { data } = values;
  return {
    redisUrl: () => data.SIDEBAND_REDIS,
    engine: data.SIDEBAND_ENGINE,
    host: data.SIDEBAND_HOST,
    stateDirectory: data.SIDEBAND_STATE_DIR,
    policyFile: data.SIDEBAND_POLICY,
    systemIds: data.SIDEBAND_SYSTEM_IDS ?? [],
    systemIdFile: data.SIDEBAND_SYSTEM_ID_FILE,
    imageRoots: data.SIDEBAND_IMAGE_ROOTS,
    lookEveryMs: data.SIDEBAND_LOOK_EVERY,
    checkEveryMs: data.SIDEBAND_CHECK_EVERY,
    logLevel: data.SIDEBAND_LOG_LEVEL,
  };
}
