import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Millis } from '@sideband/shared/clock';

/** What the convention allows, and the fault of two clocks beside it: https://www.standardwebhooks.com */
const SIGNATURE_TOLERANCE_MS = 5 * 60_000;

/** A signed text is `<id>.<seconds>.<body>`: an id with a dot in it could be read in two ways. */
const ID = /^[^.]{1,255}$/;
const SECONDS = /^\d{1,12}$/;
const KNOWN_VERSION = 'v1,';
const DIGEST_BYTES = 32;

/** The signature's headers. Nothing of them is proven yet. */
export interface Signature {
  readonly id: string;
  /** When it was signed: seconds since 1970, as they were sent. */
  readonly seconds: string;
  /** One for each key the sender has; more than one while a key is changed. */
  readonly digests: readonly Buffer[];
}

/**
 * The signature that came with a request; undefined where there is none of a version that we know, `malformed` where
 * one is there and what belongs to it is not.
 */
export function readSignature(headers: IncomingHttpHeaders): Signature | 'malformed' | undefined {
  const texts = text(headers, 'webhook-signature')
    .split(' ')
    .filter((entry) => entry.startsWith(KNOWN_VERSION));
  if (texts.length === 0) return undefined;
  const id = text(headers, 'webhook-id');
  const seconds = text(headers, 'webhook-timestamp');
  if (!ID.test(id) || !SECONDS.test(seconds)) return 'malformed';
  const digests = texts
    .map((entry) => Buffer.from(entry.slice(KNOWN_VERSION.length), 'base64'))
    .filter((digest) => digest.byteLength === DIGEST_BYTES);
  return { id, seconds, digests };
}

/** Whether one of the keys made one of the digests of this body. */
export function isSignedBy(
  keys: readonly Buffer[],
  { id, seconds, digests }: Signature,
  body: Buffer,
): boolean {
  return keys.some((key) => {
    const digest = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest();
    return digests.some((given) => timingSafeEqual(given, digest));
  });
}

export function isTimely({ seconds }: Signature, now: Millis): boolean {
  return Math.abs(now - Number(seconds) * 1_000) <= SIGNATURE_TOLERANCE_MS;
}

function text(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
