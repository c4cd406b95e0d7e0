import type { Clock } from '@sideband/shared/clock';
import type { GitLabConfig } from '../config-gitlab.ts';
import type { SecretSources } from '../config-secret.ts';
import type { GitLabAdmin } from '../gitlab/hooks-port.ts';
import type { GitLab } from '../gitlab/port.ts';

/** One GitLab, to be asked. */
export interface Connected {
  readonly gitlab: GitLab;
  readonly admin: GitLabAdmin;
  close(): Promise<void>;
}

/** What a command has to do with the world. */
export interface Program {
  readonly sources: SecretSources;
  readonly clock: Clock;
  connect(gitLab: GitLabConfig): Connected;
  /** Standard input. */
  input(): AsyncIterable<Uint8Array>;
  print(text: string): void;
}

/** What the process ends with: 0, all is well; 1, something is not. */
export type ExitCode = 0 | 1;
