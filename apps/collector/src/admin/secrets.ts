import { hkdfSync } from 'node:crypto';
import { SidebandError } from '@sideband/shared/errors';
import { COLLECTOR_PREFIX } from '@sideband/shared/queues/catalogue';
import { callRedis } from '@sideband/shared/redis-call';
import type { Redis } from 'ioredis';
import { generatePassword, hashPassword, type RandomBytes } from './password.ts';

/** The hash of the generated password. Delete it and restart to have a new one made and shown. */
const PASSWORD_KEY = `${COLLECTOR_PREFIX}:admin`;
/** What all collectors derive the key of their session cookies from. */
const SECRET_KEY = `${COLLECTOR_PREFIX}:session-secret`;
const SECRET_BYTES = 32;
const SALT_BYTES = 16;

export interface AdminSecrets {
  readonly passwordHash: string;
  /** 32 bytes: the key that seals the session cookies. */
  readonly sessionKey: Uint8Array;
}

interface SecretsOptions {
  /** The password an operator configured; it counts instead of a generated one. */
  readonly configured: string | undefined;
  readonly random: RandomBytes;
  /** Called with a password that was generated just now: the only time that anybody can see it. */
  readonly onGenerated: (password: string) => void;
}

/**
 * Reads what the login needs from Redis, where all collectors find the same; makes it where it is missing.
 * Throws `REDIS_UNAVAILABLE`.
 */
export async function readAdminSecrets(redis: Redis, options: SecretsOptions): Promise<AdminSecrets> {
  const proposedSecret = Buffer.from(options.random(SECRET_BYTES)).toString('base64url');
  const secret = await agree(redis, SECRET_KEY, proposedSecret);
  const passwordHash = await readPasswordHash(redis, secret, options);
  // The hash goes into the key, so a changed password ends every session.
  return { passwordHash, sessionKey: derive(secret, passwordHash, SECRET_BYTES) };
}

async function readPasswordHash(redis: Redis, secret: string, options: SecretsOptions): Promise<string> {
  if (options.configured !== undefined) {
    // The salt comes from the common secret, so every collector has the same hash and thus the same session key.
    return hashPassword(options.configured, derive(secret, 'password salt', SALT_BYTES));
  }
  const known = await callRedis(() => redis.get(PASSWORD_KEY));
  if (known !== null) return known;
  const password = generatePassword(options.random);
  const proposed = await hashPassword(password, options.random(SALT_BYTES));
  const agreed = await agree(redis, PASSWORD_KEY, proposed);
  if (agreed === proposed) options.onGenerated(password);
  return agreed;
}

/** The first of several collectors wins; all get the winner's value. */
async function agree(redis: Redis, key: string, proposed: string): Promise<string> {
  await callRedis(() => redis.set(key, proposed, 'NX'));
  const agreed = await callRedis(() => redis.get(key));
  if (agreed === null) throw new SidebandError('REDIS_UNAVAILABLE', { missing: key });
  return agreed;
}

function derive(secret: string, purpose: string, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', purpose, bytes));
}
