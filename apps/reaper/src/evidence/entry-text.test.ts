import { digestUses } from '@sideband/shared/evidence/merge';
import { LEASE_STRENGTHS } from '@sideband/shared/evidence/model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventPosition } from '../engine/port.ts';
import { type Entry, NOTHING } from './entry.ts';
import { entryText, parseEntry } from './entry-text.ts';
import {
  aJob,
  aLastUse,
  aLease,
  anyLease,
  anyUse,
  later,
  MANAGER,
  NODE,
  NOON,
  RUBY,
  RUBY_ID,
} from './evidence.suite.ts';

const EVERYTHING: Entry = {
  lastUses: new Map([
    [RUBY, aLastUse()],
    [RUBY_ID, aLastUse()],
    [NODE, aLastUse({ job: undefined, jobName: '', role: 'image', at: later(1) })],
  ]),
  deleted: new Set([NODE]),
  repullable: new Set([RUBY_ID]),
  builtHere: new Set([NODE]),
  leases: LEASE_STRENGTHS.map((strength, index) => aLease({ strength, job: aJob(index + 1) })),
  fed: { at: NOON, instances: new Map([['gitlab.example:8443', aJob(1).instance]]) },
  managers: new Map([[MANAGER, NOON]]),
  projects: new Map([['https://gitlab.example/a/b', aJob(1).project]]),
  projectImages: new Map([[aJob(1).project, new Map([[RUBY, NOON]])]]),
  position: '1795262400.000000001' as EventPosition,
};

test('everything comes back, on one line', () => {
  const text = entryText(EVERYTHING);
  expect(text).not.toContain('\n');
  expect(parseEntry(text)).toEqual({ entry: EVERYTHING, broken: 0 });
});

test('nothing takes no room, and that there are no leases any more is something', () => {
  expect(entryText(NOTHING)).toBe('{"version":1}');
  expect(parseEntry(entryText({ ...NOTHING, leases: [] }))?.entry).toEqual({ ...NOTHING, leases: [] });
});

test('any uses and leases come back', () => {
  fc.assert(
    fc.property(fc.array(anyUse), fc.array(anyLease), (uses, leases) => {
      const entry = { ...NOTHING, lastUses: digestUses(uses).lastUses, leases };
      expect(parseEntry(entryText(entry))).toEqual({ entry, broken: 0 });
    }),
  );
});

test.each([
  '',
  '{"version":1',
  '[]',
  'null',
  '{"version":2}',
  '{}',
  '{"version":1,"lastUses":{}}',
  '{"version":1,"managers":[[1,2]]}',
])('%j as a whole is not ours', (text) => {
  expect(parseEntry(text)).toBeUndefined();
});

test('what is not understood is left out and counted, and the rest is kept', () => {
  const use = '1795262400000 3 1 build gitlab 7 rspec';
  const text = JSON.stringify({
    version: 1,
    lastUses: [
      [use, RUBY, 'a name', ''],
      [use.replace('build', 'unheard-of'), NODE],
    ],
    repullable: [RUBY_ID, 'x\u0000'],
    leases: [['gitlab 7', 1]],
    fed: ['[["gitlab.example","NO NAME"]]', NOON],
    managers: [['nobody', 1]],
    projects: [['https://gitlab.example/a', -1]],
    projectImages: [
      [0, []],
      [7, [['', 1]]],
    ],
  });
  expect(parseEntry(text)).toEqual({
    entry: {
      ...NOTHING,
      lastUses: new Map([[RUBY, aLastUse()]]),
      repullable: new Set([RUBY_ID]),
      leases: [],
      projectImages: new Map([[7, new Map()]]),
    },
    broken: 10,
  });
});
