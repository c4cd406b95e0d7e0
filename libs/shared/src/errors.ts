/** What the caller should do with the work that failed. */
export type Retry = 'never' | 'later' | 'after-change';

interface ErrorEntry {
  readonly message: string;
  /** What the operator should do. */
  readonly remedy: string;
  readonly retry: Retry;
}

/** Every error Sideband raises on purpose. `docs/errors.md` lists the same codes; a check compares the two. */
export const errorCatalogue = {
  CONFIG_INVALID: {
    message: 'The configuration was refused',
    remedy: 'Correct the setting that is named; nothing was started.',
    retry: 'after-change',
  },
  POLICY_INVALID: {
    message: 'The policy was refused',
    remedy: 'Correct the line that is named; nothing was started and nothing was evicted.',
    retry: 'after-change',
  },
  REDIS_UNAVAILABLE: {
    message: 'Redis cannot be reached',
    remedy:
      'Start Redis, or correct its address or what its user may do. Hooks are answered with 503 meanwhile; reconcile finds what they said.',
    retry: 'later',
  },
  GITLAB_UNAVAILABLE: {
    message: 'GitLab did not answer as expected',
    remedy: 'Look at GitLab itself; the queue keeps the work and tries again.',
    retry: 'later',
  },
  GITLAB_RATE_LIMITED: {
    message: 'GitLab limits our requests',
    remedy:
      'Nothing, the jobs wait as long as they must; if it goes on, raise the limit for the token, or SIDEBAND_GITLAB_REQUESTS_PER_MINUTE where the reason is “budget”.',
    retry: 'later',
  },
  GITLAB_REFUSED: {
    message: 'GitLab refused the request',
    remedy:
      'Give the token the scope read_api and at least the Reporter role in the project; for hooks api and Maintainer. Where a reason is named, docs/errors.md has it.',
    retry: 'after-change',
  },
  GITLAB_NOT_FOUND: {
    message: 'GitLab does not know this',
    remedy: 'Nothing if the job or project was deleted; otherwise the token cannot see the project.',
    retry: 'never',
  },
  ENGINE_UNAVAILABLE: {
    message: 'The container engine cannot be reached',
    remedy: 'Look whether the engine runs and whether the reaper may use its socket.',
    retry: 'later',
  },
  ENGINE_FAILED: {
    message: 'The container engine failed to do what it was asked',
    remedy: 'Read the engine’s own log; the next cycle begins clean.',
    retry: 'later',
  },
  DISK_UNREADABLE: {
    message: 'The filesystem that holds the images cannot be measured',
    remedy:
      'Give the reaper a read-only view of the engine’s data root; nothing else is measured in its place.',
    retry: 'after-change',
  },
  STATE_UNUSABLE: {
    message: 'The state directory cannot be used',
    remedy: 'Give the reaper a directory of its own that it may write and that survives its restart.',
    retry: 'after-change',
  },
  JOB_UNKNOWN: {
    message: 'The queue holds a job this version has no handler for',
    remedy: 'Upgrade the older of collector and reaper.',
    retry: 'never',
  },
  JOB_INVALID: {
    message: 'The queue holds a job whose payload this version does not understand',
    remedy: 'Upgrade the older of collector and reaper, or configure the GitLab that the job names.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error an operator can act on. `details` are safe to log: never a secret, never a request object. */
export class SidebandError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly retry: Retry;
  readonly details: Readonly<Record<string, unknown>>;
  /** Milliseconds the other side asked us to wait, where it did. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    details: Readonly<Record<string, unknown>> = {},
    options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    const entry = errorCatalogue[code];
    super(entry.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SidebandError';
    this.code = code;
    this.remedy = entry.remedy;
    this.retry = entry.retry;
    this.details = details;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function isSidebandError(error: unknown, code?: ErrorCode): error is SidebandError {
  return error instanceof SidebandError && (code === undefined || error.code === code);
}

/** The text of anything thrown, without its stack and without what hangs on it. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
