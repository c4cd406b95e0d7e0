import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { parseHookAddress } from './hook-source.ts';

const instance = 'gitlab.example.com' as InstanceName;

test('an address names its source', () => {
  expect(parseHookAddress('project', { instance, id: '42' })).toEqual({
    instance,
    source: { kind: 'project', project: 42 as ProjectId },
  });
  expect(parseHookAddress('group', { instance, id: '9007199254740991' })).toEqual({
    instance,
    source: { kind: 'group', group: 9_007_199_254_740_991 as GroupId },
  });
  expect(parseHookAddress('system', { instance })).toEqual({ instance, source: { kind: 'system' } });
  expect(parseHookAddress('file', { instance })).toEqual({ instance, source: { kind: 'file' } });
});

test.each([
  '',
  '0',
  '042',
  '+42',
  '-1',
  '4e1',
  '0x2a',
  '42 ',
  '4.2',
  '९',
  '9007199254740992',
  '1'.repeat(90),
])('%j is no id', (id) => {
  expect(parseHookAddress('project', { instance, id })).toBeUndefined();
  expect(parseHookAddress('group', { instance, id })).toBeUndefined();
});

test.each(['', 'GitLab', 'a/b', '{sb:c}', 'a\nb', 'x'.repeat(64)])('%j is no instance', (name) => {
  expect(parseHookAddress('system', { instance: name })).toBeUndefined();
});
