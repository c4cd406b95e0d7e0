import { SidebandError } from '@sideband/shared/errors';
import { type RandomBytes, verifyPassword } from './password.ts';
import type { AdminSecrets } from './secrets.ts';

/** Who may in: the password and the key of the session cookies. */
export interface Access {
  /**
   * 32 bytes, always this buffer: the cookie plugin takes its key once, at its registration, and Redis may come
   * later than that. Until the secrets are read these are random bytes which no cookie was ever sealed with.
   */
  readonly sessionKey: Buffer;
  /** Reads the secrets, again if they were read before. Throws `REDIS_UNAVAILABLE`. */
  load(): Promise<void>;
  /** Throws `REDIS_UNAVAILABLE` while the secrets cannot be read. */
  check(password: string): Promise<boolean>;
}

const SESSION_KEY_BYTES = 32;

export function createAccess(read: () => Promise<AdminSecrets>, random: RandomBytes): Access {
  const sessionKey = Buffer.from(random(SESSION_KEY_BYTES));
  let passwordHash: string | undefined;
  let loading: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    const secrets = await read();
    sessionKey.set(secrets.sessionKey);
    passwordHash = secrets.passwordHash;
  }

  function load(): Promise<void> {
    loading ??= readOnce().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  return {
    sessionKey,
    load,
    async check(password) {
      if (passwordHash === undefined) await load();
      if (passwordHash === undefined) throw new SidebandError('REDIS_UNAVAILABLE');
      return verifyPassword(password, passwordHash);
    },
  };
}
