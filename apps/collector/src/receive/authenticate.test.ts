import { createHmac } from 'node:crypto';
import type { Millis } from '@sideband/shared/clock';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { proveBody, proveHead } from './authenticate.ts';
import type { HookProof } from './hook-reception.ts';
import { hookToken, signingKey } from './hook-secret.ts';
import type { HookAddress } from './hook-source.ts';

const HOOK_PROOFS = ['either', 'token', 'signature', 'both'] as const satisfies readonly HookProof[];
const NOW = 1_700_000_000_000 as Millis;
const body = Buffer.from('{"object_kind":"build"}');
const address: HookAddress = {
  instance: 'gitlab.example.com' as InstanceName,
  source: { kind: 'project', project: 7 as ProjectId },
};
const elsewhere: HookAddress = { ...address, source: { kind: 'project', project: 8 as ProjectId } };

type Proof = 'none' | 'right' | 'wrong';

function headersWith(
  token: Proof,
  signature: Proof,
  master = 'new',
  now: number = NOW,
): Record<string, string> {
  const { instance, source } = address;
  const seconds = String(now / 1_000);
  const key = signature === 'right' ? signingKey(master, instance, source) : Buffer.alloc(32);
  const digest = createHmac('sha256', key).update(`msg-1.${seconds}.${body}`).digest('base64');
  return {
    ...(token === 'none'
      ? {}
      : { 'x-gitlab-token': token === 'right' ? hookToken(master, instance, source) : 'x' }),
    ...(signature === 'none'
      ? {}
      : { 'webhook-id': 'msg-1', 'webhook-timestamp': seconds, 'webhook-signature': `v1,${digest}` }),
  };
}

/** Both steps, as the route takes them. */
function prove(
  headers: Record<string, string>,
  require: HookProof,
  masters = ['new', 'old'],
  at = address,
): string {
  const reception = { masters: () => masters, require };
  const head = proveHead(headers, at, reception);
  if (head === 'refused') return 'refused';
  const proof = proveBody(headers, body, at, reception, NOW);
  return `${head}, ${proof.kind}`;
}

test.each<[Proof, Proof, Record<HookProof, string>]>([
  ['none', 'none', { either: 'refused', token: 'refused', signature: 'refused', both: 'refused' }],
  ['right', 'none', { either: 'known, token', token: 'known, token', signature: 'refused', both: 'refused' }],
  ['wrong', 'none', { either: 'refused', token: 'refused', signature: 'refused', both: 'refused' }],
  [
    'none',
    'right',
    { either: 'unproven, signed', token: 'refused', signature: 'unproven, signed', both: 'refused' },
  ],
  [
    'none',
    'wrong',
    { either: 'unproven, refused', token: 'refused', signature: 'unproven, refused', both: 'refused' },
  ],
  [
    'right',
    'right',
    { either: 'known, signed', token: 'known, token', signature: 'known, signed', both: 'known, signed' },
  ],
  [
    'right',
    'wrong',
    { either: 'known, refused', token: 'known, token', signature: 'known, refused', both: 'known, refused' },
  ],
  ['wrong', 'right', { either: 'refused', token: 'refused', signature: 'unproven, signed', both: 'refused' }],
  [
    'wrong',
    'wrong',
    { either: 'refused', token: 'refused', signature: 'unproven, refused', both: 'refused' },
  ],
])('token %s, signature %s', (token, signature, expected) => {
  for (const require of HOOK_PROOFS) {
    expect([require, prove(headersWith(token, signature), require)]).toEqual([require, expected[require]]);
  }
});

test('the secrets of every master are good, and of none that is gone', () => {
  for (const master of ['new', 'old']) {
    expect(prove(headersWith('right', 'right', master), 'both')).toBe('known, signed');
  }
  expect(prove(headersWith('right', 'none', 'gone'), 'either')).toBe('refused');
  expect(prove(headersWith('none', 'right', 'gone'), 'either')).toBe('unproven, refused');
  expect(prove(headersWith('right', 'right'), 'either', [])).toBe('refused');
});

test('they are good at their own address only', () => {
  expect(prove(headersWith('right', 'none'), 'either', ['new'], elsewhere)).toBe('refused');
  expect(prove(headersWith('none', 'right'), 'either', ['new'], elsewhere)).toBe('unproven, refused');
});

test('a signature that is old is no proof', () => {
  const stale = headersWith('right', 'right', 'new', NOW - 301_000);
  expect(prove(stale, 'either')).toBe('known, refused');
  expect(prove(stale, 'token')).toBe('known, token');
});

test('signatures of a version that is not known are no proof, and do not spoil the token', () => {
  const later = { ...headersWith('right', 'none'), 'webhook-signature': 'v2,AAAA', 'webhook-id': 'x' };
  expect(prove(later, 'either')).toBe('known, token');
  expect(prove(later, 'both')).toBe('refused');
});

test('no header opens the door, nor breaks it', () => {
  const value = fc.option(
    fc.oneof(
      fc.string(),
      fc.string().map((it) => `v1,${it}`),
    ),
    { nil: undefined },
  );
  const headers = fc.record({
    'x-gitlab-token': value,
    'webhook-id': value,
    'webhook-timestamp': fc.oneof(value, fc.constant(String(NOW / 1_000))),
    'webhook-signature': value,
  });
  fc.assert(
    fc.property(headers, fc.constantFrom(...HOOK_PROOFS), (given, require) => {
      expect(prove(given as Record<string, string>, require)).toMatch(/refused$/);
    }),
  );
});
