import type { Millis } from '@sideband/shared/clock';
import type { Registration } from '@sideband/shared/hosts/records';
import type { HostName, SystemId } from '@sideband/shared/names';
import { expect, it } from 'vitest';
import { compareHosts } from './compare-hosts.ts';

const A = 's_aaaaaaaaaaaa' as SystemId;
const B = 's_bbbbbbbbbbbb' as SystemId;
const C = 's_cccccccccccc' as SystemId;

function registration(host: string, systemIds: readonly SystemId[], engine: string): Registration {
  return { host: host as HostName, uuid: host, systemIds, seenAt: 0 as Millis, mode: 'observe', engine };
}

it('says of each host which others have one of its managers, or its engine', () => {
  const notices = compareHosts([
    registration('one', [A, B], 'boot-1'),
    registration('two', [B], 'boot-2'),
    registration('three', [A, A, B], 'boot-2'),
    registration('four', [C], 'boot-4'),
  ]);
  expect([...notices]).toEqual([
    ['one', { sharesManagerWith: ['three', 'two'], sharesEngineWith: [] }],
    ['two', { sharesManagerWith: ['one', 'three'], sharesEngineWith: ['three'] }],
    ['three', { sharesManagerWith: ['one', 'two'], sharesEngineWith: ['two'] }],
    ['four', { sharesManagerWith: [], sharesEngineWith: [] }],
  ]);
});

it('knows nothing of engines that are not named', () => {
  const notices = compareHosts([registration('one', [], ''), registration('two', [], '')]);
  expect(notices.get('one' as HostName)).toEqual({ sharesManagerWith: [], sharesEngineWith: [] });
});

it('names 20 of a thousand clones to each of them', () => {
  const clones = Array.from({ length: 1_000 }, (_, index) => registration(`clone-${index}`, [A], ''));
  const notices = compareHosts(clones);
  expect(notices.size).toBe(1_000);
  for (const [host, { sharesManagerWith }] of notices) {
    expect(sharesManagerWith).toHaveLength(20);
    expect(sharesManagerWith).not.toContain(host);
  }
});
