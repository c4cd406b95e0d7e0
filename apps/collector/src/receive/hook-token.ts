import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether the header holds the secret. Both are hashed first, so the time taken tells neither how much of a guess
 * was right nor how long the secret is. An empty secret lets nobody in.
 */
export function isHookToken(given: unknown, secret: string): boolean {
  if (typeof given !== 'string' || secret === '') return false;
  return timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
