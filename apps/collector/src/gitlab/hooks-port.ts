import type { Millis } from '@sideband/shared/clock';
import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';

/** Whose hook it is. A group's covers its subgroups; `system` is the whole instance and tells nothing of jobs. */
export type HookOwner =
  | { readonly kind: 'project'; readonly project: ProjectId }
  | { readonly kind: 'group'; readonly group: GroupId }
  | { readonly kind: 'system' };

/** What of a hook Sideband sets and checks. */
export interface HookSettings {
  readonly url: string;
  /** Secret token, sent as `X-Gitlab-Token`. */
  readonly token: string;
  /** `whsec_…`; GitLab before 19.0 ignores it. */
  readonly signingToken: string;
  /** Shown in GitLab's list since 17.1; says with which secret the hook was made. */
  readonly description: string;
}

export interface Hook {
  readonly id: number;
  readonly url: string;
  /** Those that are on, by the API's own names: `job_events`, `push_events`, … */
  readonly events: readonly string[];
  readonly verifiesTls: boolean;
  /** Undefined where GitLab is too old to say. */
  readonly hasToken: boolean | undefined;
  readonly hasSigningToken: boolean | undefined;
  readonly description: string | undefined;
  /** `paused`: GitLab tries again by itself; `disabled`: it does not. */
  readonly state: 'enabled' | 'paused' | 'disabled';
  readonly pausedUntil: Millis | undefined;
}

/** One of the newest deliveries of a hook, as GitLab's log has it (since 17.3). */
export interface HookDelivery {
  readonly at: Millis | undefined;
  /** The HTTP status as text, or GitLab's word for a delivery that failed: `internal error`. */
  readonly status: string;
}

export interface TokenInfo {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Millis | undefined;
}

export interface ServerInfo {
  /** `17.5.0-ee` */
  readonly version: string;
  /** By its own clock, from the `Date` header; whole seconds. */
  readonly at: Millis | undefined;
}

/**
 * What onboarding asks of one GitLab, beside `GitLab`. Throws as that does; hooks need a token with the scope `api`
 * and the Maintainer role (a group's: Owner; the system's: administrator).
 */
export interface GitLabAdmin {
  readonly instance: InstanceName;
  server(): Promise<ServerInfo>;
  /** `GITLAB_NOT_FOUND` where the token is of a kind that cannot say (OAuth). */
  token(): Promise<TokenInfo>;
  /** The id of a project or group by its path, `group/app`, or by its id as a text: whether it is there. */
  projectId(path: string): Promise<ProjectId>;
  groupId(path: string): Promise<GroupId>;
  hooks(owner: HookOwner): Promise<readonly Hook[]>;
  /** With job events only and TLS verified (a group's also with project events; the system's with no events at all). */
  addHook(owner: HookOwner, settings: HookSettings): Promise<Hook>;
  changeHook(owner: HookOwner, id: number, settings: HookSettings): Promise<Hook>;
  removeHook(owner: HookOwner, id: number): Promise<void>;
  /** Newest first, at most 20; undefined where GitLab is too old to say. */
  deliveries(owner: HookOwner, id: number): Promise<readonly HookDelivery[] | undefined>;
}
