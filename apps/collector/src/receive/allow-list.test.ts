import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAllowList } from './allow-list.ts';

test.each([
  [['10.1.2.3'], '10.1.2.3', true],
  [['10.1.2.3'], '10.1.2.4', false],
  [['10.0.0.0/8'], '10.255.0.1', true],
  [['10.0.0.0/8'], '::ffff:10.255.0.1', true],
  [['10.0.0.0/8'], '::ffff:0aff:1', true],
  [['10.0.0.0/8'], '11.0.0.1', false],
  [['10.9.9.9/8'], '10.1.1.1', true],
  [['::ffff:10.0.0.0/104'], '10.1.1.1', true],
  [['2001:db8::/32'], '2001:db8:1::5', true],
  [['2001:db8::/32'], '2001:db9::1', false],
  [['fe80::/10'], 'fe80::1%eth0', true],
  [['0.0.0.0/0'], '1.2.3.4', true],
  [['0.0.0.0/0'], '::1', false],
  [['0.0.0.0/0', '::/0'], '::1', true],
  [['192.0.2.7', '2001:db8::1'], '2001:db8::1', true],
  [['::1'], 'localhost', false],
  [['::1'], '', false],
  [[], '127.0.0.1', false],
])('%j lets %s in: %s', (ranges, address, isIn) => {
  expect(createAllowList(ranges).has(address)).toBe(isIn);
});

test.each(['gitlab.example.com', '10.0.0.0/33', '::/129', '10.0.0.0/x'])('refuses %j', (range) => {
  expect(() => createAllowList([range])).toThrow();
});

test('has an answer for any text, and lets in just what an address is', () => {
  const all = createAllowList(['0.0.0.0/0', '::/0']);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.string(), (address, text) => {
      expect(all.has(address)).toBe(true);
      expect(all.has(`${address}/${text}`)).toBe(false);
      expect(all.has(`x${text}`)).toBe(false);
    }),
  );
});
