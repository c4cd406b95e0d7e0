import { digestUses } from '@sideband/shared/evidence/merge';
import type { Identity } from '@sideband/shared/evidence/model';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import type { InstanceName, ProjectId, SystemId } from '@sideband/shared/names';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Entry, NOTHING } from './entry.ts';
import { entryText, parseEntry } from './entry-text.ts';
import {
  aJob,
  aLastUse,
  aLease,
  anyUse,
  HOUR,
  identity,
  later,
  MANAGER,
  MINUTE,
  NODE,
  NOON,
  RUBY,
  RUBY_ID,
} from './evidence.suite.ts';
import { createKnowledge, type Knowledge } from './knowledge.ts';

function told(more: Partial<Entry>): Entry {
  return { ...NOTHING, ...more };
}

function knowing(...entries: readonly Partial<Entry>[]): Knowledge {
  const knowledge = createKnowledge(DEFAULT_BOUNDS);
  for (const entry of entries) knowledge.learn(told(entry));
  return knowledge;
}

describe('where an image comes from', () => {
  const built = { builtHere: new Set([RUBY_ID]) };
  const pulled = { repullable: new Set([RUBY_ID]) };
  const deleted = { deleted: new Set([RUBY_ID]) };
  test.each([
    ['built', [built], ['built here']],
    ['pulled', [pulled], ['repullable']],
    ['built, then pulled', [built, pulled], ['repullable']],
    ['pulled, then built or loaded', [pulled, built], ['repullable']],
    ['built, then deleted', [built, deleted], []],
    ['pulled, then deleted', [pulled, deleted], ['repullable']],
    ['deleted and loaded again in one batch', [built, { ...deleted, ...built }], ['built here']],
  ])('%s', (_, entries, expected) => {
    const { all } = knowing(...entries);
    const found = [all.builtHere.has(RUBY_ID) && 'built here', all.repullable.has(RUBY_ID) && 'repullable'];
    expect(found.filter((word) => word !== false)).toEqual(expected);
  });

  test('its history outlives it: a deletion takes nothing else', () => {
    const { all } = knowing({ lastUses: new Map([[RUBY_ID, aLastUse()]]) }, deleted);
    expect(all.lastUses.get(RUBY_ID)).toEqual(aLastUse());
    expect(all.projectImages.get(aJob(1).project)).toEqual(new Map([[RUBY_ID, NOON]]));
  });
});

describe('what a project used', () => {
  test('newest first, also where another project has used it since', () => {
    const other = aLastUse({ job: aJob(5, 8), at: later(MINUTE) });
    const { all } = knowing(
      { lastUses: new Map([[RUBY, aLastUse()]]) },
      { lastUses: new Map([[RUBY, other]]) },
      { lastUses: new Map([[NODE, aLastUse({ at: later(-MINUTE) })]]) },
    );
    expect([...(all.projectImages.get(7 as ProjectId) ?? [])]).toEqual([
      [RUBY, NOON],
      [NODE, later(-MINUTE)],
    ]);
    expect([...(all.projectImages.get(8 as ProjectId) ?? [])]).toEqual([[RUBY, later(MINUTE)]]);
  });

  test('is what its jobs used, not what somebody did with the image', () => {
    const uses = [aLastUse({ role: 'image' }), aLastUse({ role: 'container' }), aLastUse({ job: undefined })];
    const { all } = knowing(...uses.map((use) => ({ lastUses: new Map([[RUBY, use]]) })));
    expect(all.projectImages).toEqual(new Map());
  });

  test('at most 16 identities of 1,000 projects, the newest', () => {
    const knowledge = knowing(
      { lastUses: new Map(Array.from({ length: 40 }, (_, i) => [identity(i), aLastUse({ at: later(i) })])) },
      ...Array.from({ length: 1_100 }, (_, i) => ({
        lastUses: new Map([[NODE, aLastUse({ job: aJob(1, 100 + i), at: later(-i) })]]),
      })),
    );
    knowledge.trim();
    const images = knowledge.all.projectImages;
    expect([...(images.get(7 as ProjectId)?.keys() ?? [])]).toEqual(
      Array.from({ length: 16 }, (_, i) => identity(39 - i)),
    );
    expect(images.size).toBe(1_000);
    expect([images.has(1_098 as ProjectId), images.has(1_099 as ProjectId)]).toEqual([true, false]);
  });
});

describe('bounds', () => {
  test('the newest last uses are kept, in any order of telling', () => {
    fc.assert(
      fc.property(fc.array(anyUse, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (uses, order) => {
        const shuffled = uses.map((use) => [order.next().value, use] as const).sort(([a], [b]) => a - b);
        const kept = [uses, shuffled.map(([, use]) => use)].map((batch) => {
          const knowledge = createKnowledge({ identities: 2, leases: 1 });
          for (const use of batch) knowledge.learn(told({ lastUses: digestUses([use]).lastUses }));
          knowledge.trim();
          return new Map([...knowledge.all.lastUses].sort());
        });
        expect(kept[1]).toEqual(kept[0]);
        expect(kept[0]?.size).toBeLessThanOrEqual(2);
      }),
    );
  });

  test('hold for all that is kept, the newest staying', () => {
    const many = Array.from({ length: 2_000 }, (_, i) => i);
    const knowledge = createKnowledge({ identities: 100, leases: 3 });
    for (const i of many) {
      knowledge.learn(
        told({
          lastUses: new Map([[identity(i), aLastUse({ at: later(i) })]]),
          repullable: new Set([identity(i)]),
          builtHere: new Set([identity(10_000 + i)]),
          managers: new Map([[`s_${String(i).padStart(12, '0')}` as SystemId, later(i)]]),
          projects: new Map([[`https://gitlab.example/${i}`, (i + 1) as ProjectId]]),
        }),
      );
      expect(knowledge.all.lastUses.size).toBeLessThanOrEqual(105);
    }
    knowledge.learn(
      told({
        leases: many.map((i) => aLease({ job: aJob(i + 1), expiresAt: later(i) })),
        fed: { at: NOON, instances: new Map(many.map((i) => [`gitlab-${i}`, `g${i}` as InstanceName])) },
      }),
    );
    knowledge.trim();
    const { all } = knowledge;
    expect({
      lastUses: [all.lastUses.size, all.lastUses.has(identity(1_900))],
      repullable: [all.repullable.size, all.repullable.has(identity(1_900))],
      builtHere: [all.builtHere.size, all.builtHere.has(identity(11_900))],
      managers: [all.managers.size, all.managers.has('s_000000001936' as SystemId)],
      projects: [all.projects.size, all.projects.has('https://gitlab.example/1000')],
      leases: [all.leases?.length, all.leases?.some((lease) => lease.job.job === 1_998)],
      instances: all.fed?.instances.size,
    }).toEqual({
      lastUses: [100, true],
      repullable: [100, true],
      builtHere: [100, true],
      managers: [64, true],
      projects: [1_000, true],
      leases: [3, true],
      instances: 16,
    });
  });
});

describe('news', () => {
  test('is what changed, and nothing the second time', () => {
    const entry = told({
      lastUses: new Map([[RUBY, aLastUse()]]),
      builtHere: new Set([RUBY_ID]),
      leases: [aLease()],
      fed: { at: NOON, instances: new Map() },
      managers: new Map([[MANAGER, NOON]]),
      projects: new Map([['https://gitlab.example/a', 7 as ProjectId]]),
    });
    const knowledge = knowing();
    expect(knowledge.learn(entry)).toEqual(entry);
    expect(knowledge.learn(entry)).toBeUndefined();
    expect(knowledge.learn({ ...entry, managers: new Map([[MANAGER, later(MINUTE)]]) })).toBeUndefined();
    expect(knowledge.learn({ ...entry, leases: [] })).toEqual(told({ leases: [] }));
    const clockSetBack = new Map([[MANAGER, later(-HOUR)]]);
    expect(knowledge.learn(told({ managers: clockSetBack }))).toEqual(told({ managers: clockSetBack }));
  });

  test('of what GitLab was asked for goes forward only, and takes the present names', () => {
    const names = (name: string) => new Map([['gitlab.example', name as InstanceName]]);
    const { all } = knowing(
      { fed: { at: NOON, instances: names('old') } },
      { fed: { at: later(-HOUR), instances: names('new') } },
    );
    expect(all.fed).toEqual({ at: NOON, instances: names('new') });
  });

  test('learned again from anywhere before its end makes the same knowledge', () => {
    const ids = fc.subarray([RUBY_ID, NODE as Identity, RUBY]).map((list) => new Set(list));
    const entry = fc.record({
      uses: fc.array(anyUse, { maxLength: 3 }),
      deleted: ids,
      repullable: ids,
      builtHere: ids,
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), fc.nat(8), (entries, at) => {
        const knowledge = knowing();
        const news: Entry[] = [];
        const snapshots: Entry[] = [];
        for (const { uses, ...more } of entries) {
          const learned = knowledge.learn(told({ ...more, lastUses: digestUses(uses).lastUses }));
          if (learned !== undefined) news.push(learned);
          snapshots.push(parseEntry(entryText(knowledge.all))?.entry ?? NOTHING);
        }
        const snapshot = snapshots[at] ?? NOTHING;
        expect(knowing(snapshot, ...news).all).toEqual(knowledge.all);
      }),
    );
  });
});
