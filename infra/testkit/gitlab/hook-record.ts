import type { Millis } from '@sideband/shared/clock';
import type { HookHealth } from './hook-health.ts';
import type { LoggedDelivery } from './hook-log.ts';
import type { HookTemplate } from './hook-template.ts';

/** Whose hook it is. A group's covers its subgroups; the system's hears of projects and groups, never of jobs. */
export type HookOwner =
  | { readonly kind: 'project'; readonly project: number }
  | { readonly kind: 'group'; readonly group: number }
  | { readonly kind: 'system' };

/** What can be set through the API; what is absent stays as it is. An empty token takes it away. */
export interface HookChanges {
  readonly url?: string;
  readonly token?: string;
  /** `whsec_…`; not known before 19.0. */
  readonly signingToken?: string;
  readonly name?: string;
  readonly description?: string;
  readonly enableSslVerification?: boolean;
  readonly template?: string;
  /** By the API's names: `job_events`. */
  readonly events?: Readonly<Record<string, boolean>>;
}

export interface NewHook extends HookChanges {
  readonly url: string;
}

/** A hook that GitLab keeps, with the secrets that its API never shows. */
export interface HookRecord {
  readonly id: number;
  readonly owner: HookOwner;
  readonly createdAt: Millis;
  url: string;
  token: string | undefined;
  signingToken: string | undefined;
  name: string | undefined;
  description: string | undefined;
  enableSslVerification: boolean;
  template: HookTemplate | undefined;
  events: Readonly<Record<string, boolean>>;
  health: HookHealth;
  /** Oldest first. */
  readonly log: LoggedDelivery[];
}
