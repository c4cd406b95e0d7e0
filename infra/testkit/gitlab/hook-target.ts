import type { HookRecord } from './hook-record.ts';
import type { HookTemplate } from './hook-template.ts';

/** How hooks travel. */
export interface HookTraffic {
  /** From the transition to the request, evenly spread, so that hooks overtake each other; 0 to 50 unless told. */
  readonly delayMs?: { readonly min: number; readonly max: number };
  /** Of 1: how many are sent a second time, with the same `Idempotency-Key`. None unless told. */
  readonly duplicateShare?: number;
  /** Of 1: how many are never sent, as when Sidekiq loses a job. None unless told. */
  readonly loseShare?: number;
}

/** One hook for all projects, as if each had one of its own. */
export interface HookOptions extends HookTraffic {
  /** A function where each project has its own. */
  readonly url: string | ((project: number) => string);
  /** Sent as `X-Gitlab-Token`; a function where each project has its own; none unless told. */
  readonly secret?: string | ((project: number) => string);
  /** `whsec_…`: signs from 19.0 on. */
  readonly signingToken?: string | ((project: number) => string);
  /** Whether it is told of pipelines too. */
  readonly pipelineEvents?: boolean;
}

/** Where one delivery goes, as it is at the moment it is sent. */
export interface HookTarget {
  readonly url: string;
  readonly token: string | undefined;
  readonly signingToken: string | undefined;
  readonly verifiesTls: boolean;
  readonly template: HookTemplate | undefined;
  /** Undefined for the one that is pointed at by a test. */
  readonly record: HookRecord | undefined;
}

export function pointedTarget(hook: HookOptions, project: number): HookTarget {
  return {
    url: forProject(hook.url, project),
    token: hook.secret === undefined ? undefined : forProject(hook.secret, project),
    signingToken: hook.signingToken === undefined ? undefined : forProject(hook.signingToken, project),
    verifiesTls: true,
    template: undefined,
    record: undefined,
  };
}

export function registeredTarget(record: HookRecord): HookTarget {
  const { url, token, signingToken, enableSslVerification, template } = record;
  return { url, token, signingToken, verifiesTls: enableSslVerification, template, record };
}

function forProject(value: string | ((project: number) => string), project: number): string {
  return typeof value === 'string' ? value : value(project);
}
