import { SidebandError } from '@sideband/shared/errors';
import type { InstanceName } from '@sideband/shared/names';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import { COLLECTOR_SETTINGS, unknownSettings } from '@sideband/shared/setting-names';
import { z } from 'zod';
import { type Environment, type ReadFile, readSecret, type Secret } from './config-secret.ts';
import {
  durationBetween,
  gitLabUrl,
  instanceName,
  listenAddress,
  logLevel,
  redisUrl,
} from './config-values.ts';

export interface CollectorConfig {
  /** May hold a password. */
  readonly redisUrl: Secret;
  readonly listen: { readonly host: string; readonly port: number };
  readonly gitLab: {
    /** Without a slash at its end. */
    readonly url: string;
    readonly instance: InstanceName;
    readonly token: Secret;
  };
  readonly hookSecret: Secret;
  /** `undefined`: one is generated and shown once. */
  readonly password: Secret | undefined;
  readonly reconcileEveryMs: number;
  readonly lookBackMs: number;
  readonly logLevel: z.infer<typeof logLevel>;
}

/** One setting that was refused, and why. Never shows a secret. */
interface Problem {
  readonly setting: string;
  readonly problem: string;
}

const settings = z.object({
  SIDEBAND_REDIS: redisUrl,
  SIDEBAND_LISTEN: listenAddress.prefault('127.0.0.1:8080'),
  SIDEBAND_GITLAB_URL: gitLabUrl,
  SIDEBAND_GITLAB_NAME: instanceName,
  SIDEBAND_RECONCILE_EVERY: durationBetween('1s', '1d').prefault('5m'),
  SIDEBAND_LOOK_BACK: durationBetween('1m', '90d').prefault('7d'),
  SIDEBAND_LOG_LEVEL: logLevel.prefault('info'),
});

const SOURCES =
  'Settings come from the environment only; a secret also from the file that the same name with _FILE names.';

/**
 * Reads the collector's settings from the environment; an empty variable counts as not set. Throws
 * `CONFIG_INVALID`, whose details name every setting that was refused and the forms it may have.
 */
export function readConfig(environment: Environment, readFile: ReadFile): CollectorConfig {
  const env = withDefaults(withoutEmpty(environment));
  const unknown = unknownSettings(COLLECTOR_SETTINGS, Object.keys(environment));
  const values = settings.safeParse(env);
  const token = requireSecret(env, readFile, 'SIDEBAND_GITLAB_TOKEN');
  const hookSecret = requireSecret(env, readFile, 'SIDEBAND_HOOK_SECRET');
  const password = readSecret(env, readFile, 'SIDEBAND_PASSWORD');

  if (values.success && token.ok && hookSecret.ok && password.ok && unknown.length === 0) {
    const { data } = values;
    return {
      redisUrl: () => data.SIDEBAND_REDIS,
      listen: data.SIDEBAND_LISTEN,
      gitLab: { url: data.SIDEBAND_GITLAB_URL, instance: data.SIDEBAND_GITLAB_NAME, token: token.value },
      hookSecret: hookSecret.value,
      password: password.value,
      reconcileEveryMs: data.SIDEBAND_RECONCILE_EVERY,
      lookBackMs: data.SIDEBAND_LOOK_BACK,
      logLevel: data.SIDEBAND_LOG_LEVEL,
    };
  }
  const problems: readonly Problem[] = [
    ...unknown,
    ...(values.error?.issues ?? []).map((issue) => ({
      setting: String(issue.path[0]),
      problem: issue.message,
    })),
    ...refused('SIDEBAND_GITLAB_TOKEN', token),
    ...refused('SIDEBAND_HOOK_SECRET', hookSecret),
    ...refused('SIDEBAND_PASSWORD', password),
  ];
  throw new SidebandError('CONFIG_INVALID', { problems, sources: SOURCES });
}

/** The instance is named after GitLab's host unless the operator names it. */
function withDefaults(env: Environment): Environment {
  const address = env['SIDEBAND_GITLAB_URL'] ?? '';
  // An address that is none is reported itself; its name need not be reported too.
  const host = URL.canParse(address) ? new URL(address).hostname : 'gitlab';
  return { SIDEBAND_GITLAB_NAME: host, ...env };
}

function requireSecret(env: Environment, readFile: ReadFile, name: string): Result<Secret, Refusal> {
  const secret = readSecret(env, readFile, name);
  if (!secret.ok) return secret;
  if (secret.value !== undefined) return ok(secret.value);
  const message = `is not set: set it, or name a file that holds it in ${name}_FILE`;
  return refuse({ reason: 'missing', message });
}

function refused(setting: string, result: Result<unknown, Refusal>): readonly Problem[] {
  return result.ok ? [] : [{ setting, problem: result.error.message }];
}

/** Compose files and units write an empty text for what is not set. */
function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
}
