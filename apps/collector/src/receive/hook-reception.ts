import type { AllowList } from './allow-list.ts';

/**
 * Which proof a hook must bring. `either`: at least one, and each that is there is right. With `token` a signature is
 * not looked at, with `signature` a token is not needed.
 */
export type HookProof = 'either' | 'token' | 'signature' | 'both';

/** Whom we let in for one GitLab. */
export interface HookReception {
  /** The master secrets, the newest first; asked for each request, so that a file can be changed while we run. */
  readonly masters: () => readonly string[];
  readonly require: HookProof;
  /** Undefined: hooks may come from anywhere. */
  readonly allow: AllowList | undefined;
}
