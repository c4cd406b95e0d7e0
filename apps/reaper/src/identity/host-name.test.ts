import type { HostName } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { resolveHostName } from './host-name.ts';

test('the configured name goes before the machine’s, which is put in lower case', () => {
  expect(resolveHostName('chosen' as HostName, 'Machine')).toBe('chosen');
  expect(resolveHostName(undefined, 'Runner-7.Example.COM')).toBe('runner-7.example.com');
});

test.each(['runner_7', '', 'a'.repeat(64), 'näme'])('the machine’s name %j cannot be used', (machine) => {
  expect(() => resolveHostName(undefined, machine)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      details: { problems: [expect.objectContaining({ setting: 'SIDEBAND_HOST' })] },
    }),
  );
});
