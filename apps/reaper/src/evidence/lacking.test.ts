import type { Identity } from '@sideband/shared/evidence/model';
import { expect, test } from 'vitest';
import { aJob, aLastUse, identity, later, NODE, NOON, RUBY, RUBY_ID } from './evidence.suite.ts';
import { lackingIn } from './lacking.ts';

const NONE = { lastUses: new Map(), repullable: new Set<Identity>() };

test('an emptied Redis lacks everything, each use once with its id first', () => {
  const local = {
    lastUses: new Map([
      [RUBY, aLastUse()],
      [RUBY_ID, aLastUse()],
      [NODE, aLastUse({ job: undefined, role: 'image', jobName: '' })],
    ]),
    repullable: new Set([RUBY_ID]),
  };
  expect(lackingIn(NONE, local, 100)).toEqual({
    uses: [
      { ...aLastUse(), identities: [RUBY_ID, RUBY], receivedAt: NOON },
      { ...aLastUse({ job: undefined, role: 'image', jobName: '' }), identities: [NODE], receivedAt: NOON },
    ],
    repullable: [RUBY_ID],
  });
  expect(lackingIn(local, local, 100)).toEqual({ uses: [], repullable: [] });
});

test('what is older there is lacking, what is older here is not', () => {
  const here = { ...NONE, lastUses: new Map([[RUBY, aLastUse({ at: later(1) })]]) };
  const there = { ...NONE, lastUses: new Map([[RUBY, aLastUse({ job: aJob(9) })]]) };
  expect(lackingIn(there, here, 100).uses).toMatchObject([{ at: later(1), identities: [RUBY] }]);
  expect(lackingIn(here, there, 100).uses).toEqual([]);
});

test('a full Redis is not told what it would refuse again', () => {
  const there = {
    lastUses: new Map([
      [identity(1), aLastUse({ at: later(1) })],
      [identity(2), aLastUse({ at: later(9) })],
    ]),
    repullable: new Set([identity(1), identity(2)]),
  };
  const here = {
    lastUses: new Map([
      [identity(1), aLastUse({ at: later(2) })],
      [identity(0), aLastUse({ at: later(1) })],
      [identity(3), aLastUse({ at: later(1) })],
      [identity(4), aLastUse({ at: later(3) })],
    ]),
    repullable: new Set([identity(3)]),
  };
  const { uses, repullable } = lackingIn(there, here, 2);
  // Among equals Redis lets the lower name go: 0 would not stay, 3 would.
  expect(uses.flatMap((use) => use.identities)).toEqual([identity(1), identity(3), identity(4)]);
  expect(repullable).toEqual([]);
  const roomForOne = { ...here, repullable: new Set([identity(3), identity(5)]) };
  expect(lackingIn(there, roomForOne, 3).repullable).toEqual([identity(5)]);
});
