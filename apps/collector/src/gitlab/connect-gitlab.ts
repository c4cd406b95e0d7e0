import { createGitLabAdmin } from './gitbeaker-admin.ts';
import { createGitLab } from './gitbeaker-gitlab.ts';
import { createGuest, type GuestOptions } from './guest/guest.ts';
import type { GitLabAdmin } from './hooks-port.ts';
import type { GitLab } from './port.ts';
import type { GitLabSettings } from './settings.ts';

const TIMEOUT_MS = 30_000;

export interface ConnectionParts
  extends Pick<GuestOptions, 'budget' | 'clock' | 'random' | 'log' | 'pause' | 'onRequest' | 'onTraceBytes'> {
  /** For a whole JSON answer; for a log until its headers and between any two of its pieces. Default 30 s. */
  readonly timeoutMs?: number;
}

export interface GitLabConnection {
  readonly gitlab: GitLab;
  readonly admin: GitLabAdmin;
  /** Closes the connections, those in use too. */
  close(): Promise<void>;
}

/** One GitLab, with one guest for all that is asked of it. Asks nothing yet. */
export function connectGitLab(settings: GitLabSettings, parts: ConnectionParts): GitLabConnection {
  const guest = createGuest({ timeoutMs: TIMEOUT_MS, ...parts, settings });
  const shared = { settings, guest, log: parts.log };
  return {
    gitlab: createGitLab(shared),
    admin: createGitLabAdmin(shared),
    close: () => guest.close(),
  };
}
