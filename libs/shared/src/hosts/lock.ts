import type { HostName } from '../names.ts';

export type Held =
  | { readonly held: true }
  /** Who has it, as that one called itself. */
  | { readonly held: false; readonly holder: string };

/** One reaper a host name, over all machines. Throws `REDIS_UNAVAILABLE` only. */
export interface NameLock {
  /** Takes the lock, or confirms that it is still ours; to be called well within `NAME_LOCK_MS`. */
  hold(host: HostName, holder: string): Promise<Held>;
  /** Lets go of it if it is ours. */
  release(host: HostName, holder: string): Promise<void>;
}

/** A holder that is silent for this long has lost it. */
export const NAME_LOCK_MS = 90_000;
