import type { InstanceName } from '@sideband/shared/names';

/** How one GitLab is reached, and what we may ask of it. */
export interface GitLabSettings {
  readonly instance: InstanceName;
  /** The base address, with the path where GitLab lives under one, without a slash at its end. */
  readonly url: string;
  /** Asked before every request, so that the token in a file can be changed while we run. */
  readonly token: () => Promise<string> | string;
  /** PEM: further certificate authorities to trust, beside the system's. */
  readonly ca: string | undefined;
  /** `http://…`; handed over only when called for, since it may hold a password. */
  readonly proxy: (() => string) | undefined;
  /** Requests a minute, over all collectors together. */
  readonly requestsPerMinute: number;
}
