import { parseGroupId, parseRunnerId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { parseIdOf, parseManager } from './parse-entry.ts';

test('reads an id and nothing else', () => {
  expect(parseIdOf({ id: 12, name: 7 }, parseRunnerId)).toEqual({ ok: true, value: 12 });
  expect(parseIdOf({ id: 3 }, parseGroupId)).toEqual({ ok: true, value: 3 });
});

test.each([null, 'text', [], {}, { id: 0 }, { id: 'glpat-secret' }])('finds no id in %j', (raw) => {
  expect(parseIdOf(raw, parseRunnerId)).toEqual({
    ok: false,
    error: { reason: 'bad-id', message: 'id: expected a positive integer' },
  });
});

test('reads the system id of a manager', () => {
  expect(parseManager({ id: 1, system_id: 's_0123456789ab' })).toEqual({ ok: true, value: 's_0123456789ab' });
});

test.each([null, {}, { system_id: 7 }, { system_id: 's_{sb:h:other}' }])(
  'finds no system id in %j',
  (raw) => {
    const manager = parseManager(raw);
    expect(manager).toMatchObject({ ok: false, error: { reason: 'bad-system-id' } });
    expect(JSON.stringify(manager)).not.toContain('{sb');
  },
);
