import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import { z } from 'zod';
import { type Problem, refused, refusedBy } from './config-problem.ts';
import {
  type Environment,
  readMasters,
  readSecret,
  type SecretSources,
  type Secrets,
} from './config-secret.ts';
import {
  addressRanges,
  countBetween,
  gitLabUrl,
  hookRequirement,
  instanceName,
  proxyUrl,
} from './config-values.ts';
import type { GitLabSettings } from './gitlab/settings.ts';

/** One GitLab: how it is asked, and how it proves that a hook is its own. */
export interface GitLabConfig extends GitLabSettings {
  readonly hooks: {
    /** What hooks' secrets are derived from, newest first. */
    readonly masters: Secrets;
    readonly require: z.infer<typeof hookRequirement>;
    /** Networks that hooks may come from, as `10.0.0.0/8`; undefined: from anywhere. */
    readonly allow: readonly string[] | undefined;
  };
}

const settings = z.object({
  SIDEBAND_GITLAB_URL: gitLabUrl,
  SIDEBAND_GITLAB_NAME: instanceName,
  // GitLab.com lets an authenticated user ask 2,000 times a minute, and lists of jobs 600 times.
  SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: countBetween(1, 100_000).prefault('600'),
  SIDEBAND_HOOK_REQUIRE: hookRequirement.prefault('either'),
  SIDEBAND_HOOK_ALLOW: addressRanges.optional(),
});

/** All that is wrong, or the settings of one GitLab. */
export function readGitLab(sources: SecretSources): Result<GitLabConfig, readonly Problem[]> {
  const env = withDefaults(sources.env);
  const values = settings.safeParse(env);
  const token = required(readSecret(sources, 'SIDEBAND_GITLAB_TOKEN'), 'SIDEBAND_GITLAB_TOKEN');
  const masters = required(readMasters(sources, 'SIDEBAND_HOOK_SECRET'), 'SIDEBAND_HOOK_SECRET');
  const proxy = readProxy(sources);
  const ca = readCa(sources);
  if (values.success && token.ok && masters.ok && proxy.ok && ca.ok) {
    const { data } = values;
    return ok({
      url: data.SIDEBAND_GITLAB_URL,
      instance: data.SIDEBAND_GITLAB_NAME,
      token: token.value,
      ca: ca.value,
      proxy: proxy.value,
      requestsPerMinute: data.SIDEBAND_GITLAB_REQUESTS_PER_MINUTE,
      hooks: {
        masters: masters.value,
        require: data.SIDEBAND_HOOK_REQUIRE,
        allow: data.SIDEBAND_HOOK_ALLOW,
      },
    });
  }
  return refuse([
    ...refusedBy(values.error),
    ...refused('SIDEBAND_GITLAB_TOKEN', token),
    ...refused('SIDEBAND_HOOK_SECRET', masters),
    ...refused('SIDEBAND_GITLAB_PROXY', proxy),
    ...refused('SIDEBAND_GITLAB_CA_FILE', ca),
  ]);
}

/** The instance is named after GitLab's host unless the operator names it. */
function withDefaults(env: Environment): Environment {
  const address = env['SIDEBAND_GITLAB_URL'] ?? '';
  // An address that is none is reported itself; its name need not be reported too.
  const host = URL.canParse(address) ? new URL(address).hostname : 'gitlab';
  return { SIDEBAND_GITLAB_NAME: host, ...env };
}

function required<T>(secret: Result<T | undefined, Refusal>, name: string): Result<T, Refusal> {
  if (!secret.ok) return secret;
  if (secret.value !== undefined) return ok(secret.value);
  const message = `is not set: set it, or name a file that holds it in ${name}_FILE`;
  return refuse({ reason: 'missing', message });
}

function readProxy(sources: SecretSources): Result<(() => string) | undefined, Refusal> {
  const proxy = readSecret(sources, 'SIDEBAND_GITLAB_PROXY');
  if (!proxy.ok || proxy.value === undefined) return proxy;
  const address = proxyUrl.safeParse(proxy.value());
  if (address.success) return proxy;
  return refuse({ reason: 'bad-proxy', message: address.error.issues[0]?.message ?? '' });
}

function readCa({ env, readFile }: SecretSources): Result<string | undefined, Refusal> {
  const path = env['SIDEBAND_GITLAB_CA_FILE'];
  if (!path) return ok(undefined);
  try {
    const pem = readFile(path);
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return ok(pem);
  } catch {
    return refuse({ reason: 'unreadable-file', message: 'names a file that cannot be read' });
  }
  return refuse({ reason: 'no-certificate', message: 'names a file that holds no certificate in PEM' });
}
