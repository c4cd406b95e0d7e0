import type { IncomingHttpHeaders } from 'node:http';
import type { Millis } from '@sideband/shared/clock';
import type { HookReception } from './hook-reception.ts';
import { hookToken, signingKey } from './hook-secret.ts';
import type { HookAddress } from './hook-source.ts';
import { isHookToken } from './hook-token.ts';
import { isSignedBy, isTimely, readSignature, type Signature } from './signature.ts';

/** How a sender may prove itself. */
type Proofs = Pick<HookReception, 'masters' | 'require'>;

/**
 * What the head of a request proves, so that nothing is read of a body that nobody vouches for. `unproven`: only the
 * body can tell, since a signature is all there is.
 */
export type HeadProof = 'known' | 'unproven' | 'refused';

export type BodyProof =
  | { readonly kind: 'token' }
  | { readonly kind: 'signed'; readonly signature: Signature }
  | { readonly kind: 'refused'; readonly problem: string };

export function proveHead(
  headers: IncomingHttpHeaders,
  { instance, source }: HookAddress,
  { masters, require }: Proofs,
): HeadProof {
  const token = headers['x-gitlab-token'];
  // Every master is compared, so the time taken does not tell which one it was.
  const isKnown = masters()
    .map((master) => isHookToken(token, hookToken(master, instance, source)))
    .includes(true);
  const isSigned = readSignature(headers) !== undefined;
  switch (require) {
    case 'token':
      return isKnown ? 'known' : 'refused';
    case 'both':
      return isKnown && isSigned ? 'known' : 'refused';
    case 'signature':
      if (!isSigned) return 'refused';
      return isKnown ? 'known' : 'unproven';
    case 'either':
      if (isKnown) return 'known';
      return token === undefined && isSigned ? 'unproven' : 'refused';
  }
}

/** The rest of it, for a head that was not refused. The problem is for our log, never for the sender. */
export function proveBody(
  headers: IncomingHttpHeaders,
  body: Buffer,
  { instance, source }: HookAddress,
  { masters, require }: Proofs,
  now: Millis,
): BodyProof {
  const signature = require === 'token' ? undefined : readSignature(headers);
  if (signature === undefined) return { kind: 'token' };
  if (signature === 'malformed') return { kind: 'refused', problem: 'its signature has no id or time' };
  const keys = masters().map((master) => signingKey(master, instance, source));
  if (!isSignedBy(keys, signature, body)) return { kind: 'refused', problem: 'its signature is wrong' };
  if (!isTimely(signature, now)) {
    return { kind: 'refused', problem: 'it was signed more than five minutes from now, by our clock' };
  }
  return { kind: 'signed', signature };
}
