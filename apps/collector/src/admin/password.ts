import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { SidebandError } from '@sideband/shared/errors';

const deriveKey = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

// OWASP's password storage cheat sheet names N=2^15, r=8, p=3 as one of its equal minimums: 32 MiB and about
// 0.25 s here. `s1` in a stored hash stands for exactly these numbers.
const VERSION = 's1';
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const KEY_BYTES = 32;
const STORED_HASH = /^s1\$([\w-]{16,64})\$([\w-]{43})$/;

// 32 characters, so that one byte gives one of them without bias; 0, 1, l and o are left out.
const READABLE = '23456789abcdefghijkmnpqrstuvwxyz';
const GROUPS = 5;
const GROUP_LENGTH = 4;

/** `size` random bytes. */
export type RandomBytes = (size: number) => Uint8Array;

/** A hash to keep: `s1$salt$key`. The same password and salt give the same text. */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const key = await derive(password, salt);
  return [VERSION, Buffer.from(salt).toString('base64url'), key.toString('base64url')].join('$');
}

/** Takes equally long for a right and a wrong password. Throws `CONFIG_INVALID` when the hash is not one of ours. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, salt, key] = STORED_HASH.exec(stored) ?? [];
  if (salt === undefined || key === undefined) {
    throw new SidebandError('CONFIG_INVALID', {
      setting: 'the password hash kept in Redis',
      expected: 's1$salt$key; delete the key and a new password is made at the next start',
    });
  }
  return timingSafeEqual(
    await derive(password, Buffer.from(salt, 'base64url')),
    Buffer.from(key, 'base64url'),
  );
}

/** Twenty characters in groups of four, 100 bits: `k7m2-…`. */
export function generatePassword(random: RandomBytes): string {
  const characters = Array.from(random(GROUPS * GROUP_LENGTH), (byte) =>
    READABLE.charAt(byte % READABLE.length),
  );
  return Array.from({ length: GROUPS }, (_, group) =>
    characters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(''),
  ).join('-');
}

function derive(password: string, salt: Uint8Array): Promise<Buffer> {
  return deriveKey(password, salt, KEY_BYTES, COST);
}
