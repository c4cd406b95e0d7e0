import { createHmac } from 'node:crypto';
import type { Millis } from '@sideband/shared/clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSignedBy, isTimely, readSignature, type Signature } from './signature.ts';

const KEY = Buffer.alloc(32, 7);
const OTHER = Buffer.alloc(32, 8);
const body = Buffer.from('{"object_kind":"build"}');

function sign(key: Buffer, signed = `msg-1.1700000000.${body}`): string {
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

function read(signature: string, id = 'msg-1', seconds = '1700000000'): Signature | 'malformed' | undefined {
  return readSignature({
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': signature,
  });
}

function isRight(signature: string, keys = [KEY], given = body): boolean {
  const found = read(signature);
  return typeof found === 'object' && isSignedBy(keys, found, given);
}

// The example of the specification, so that not only our own two ends agree.
test('agrees with the published example', () => {
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const signature = readSignature({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
  expect(
    typeof signature === 'object' && isSignedBy([key], signature, Buffer.from('{"test": 2432232314}')),
  ).toBe(true);
});

test.each([
  ['the one', sign(KEY), true],
  ['the second of two', `${sign(OTHER)} ${sign(KEY)}`, true],
  ['one beside versions that are not known', `v1a,AAAA ${sign(KEY)} v2,BBBB`, true],
  ['of another key', sign(OTHER), false],
  ['of another body', sign(KEY, 'msg-1.1700000000.{}'), false],
  ['of another id', sign(KEY, `msg-2.1700000000.${body}`), false],
  ['of another time', sign(KEY, `msg-1.1700000001.${body}`), false],
  ['cut short', sign(KEY).slice(0, -10), false],
  ['without a version', sign(KEY).slice(3), false],
  ['of a version that is not known', sign(KEY).replace('v1', 'v2'), false],
  ['nothing', '', false],
])('%s', (_, signature, expected) => {
  expect(isRight(signature)).toBe(expected);
});

test('any of our keys will do', () => {
  expect(isRight(sign(OTHER), [KEY, OTHER])).toBe(true);
  expect(isRight(sign(KEY), [])).toBe(false);
});

test('a body that differs in one bit is another', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
      const given = Buffer.from(bytes);
      const signature = sign(KEY, `msg-1.1700000000.${given.toString('latin1')}`);
      const exact = `v1,${createHmac('sha256', KEY).update('msg-1.1700000000.').update(given).digest('base64')}`;
      expect(isRight(exact, [KEY], given)).toBe(true);
      const changed = Buffer.from(given);
      const index = at % changed.length;
      changed[index] = (changed[index] ?? 0) ^ (1 << bit);
      expect(isRight(exact, [KEY], changed)).toBe(false);
      expect(typeof isRight(signature, [KEY], given)).toBe('boolean');
    }),
  );
});

test.each([
  ['no id', '', '1700000000'],
  ['an id with a dot', 'msg.1', '1700000000'],
  ['an id without end', 'x'.repeat(256), '1700000000'],
  ['no time', 'msg-1', ''],
  ['a time that is no number', 'msg-1', 'soon'],
  ['a negative time', 'msg-1', '-1'],
  ['a broken time', 'msg-1', '1700000000.5'],
])('%s makes a signature worthless', (_, id, seconds) => {
  expect(read(sign(KEY), id, seconds)).toBe('malformed');
});

test.each([
  [0, true],
  [300_000, true],
  [-300_000, true],
  [301_000, false],
  [-301_000, false],
])('signed %i ms before now is timely: %s', (age, expected) => {
  const signature = read(sign(KEY));
  expect(typeof signature === 'object' && isTimely(signature, (1_700_000_000_000 + age) as Millis)).toBe(
    expected,
  );
});

test('no header makes it throw', () => {
  const header = fc.option(
    fc.oneof(
      fc.string(),
      fc.string().map((it) => `v1,${it}`),
      fc.array(fc.string()),
    ),
    {
      nil: undefined,
    },
  );
  fc.assert(
    fc.property(header, header, header, fc.uint8Array(), (id, seconds, signature, bytes) => {
      const found = readSignature({
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': signature,
      } as Record<string, string>);
      if (typeof found === 'object') expect(isSignedBy([KEY, OTHER], found, Buffer.from(bytes))).toBe(false);
    }),
  );
});
