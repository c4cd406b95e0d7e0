import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { Identity } from '@sideband/shared/evidence/model';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  aJob,
  aLease,
  anyLease,
  anySightings,
  anyUse,
  aUse,
  DAY,
  HOST,
  HOUR,
  identity,
  later,
  MANAGER,
  MINUTE,
  NOON,
  RUBY,
  RUBY_ID,
  remote,
  seen,
} from './evidence.suite.ts';
import { everything, FED, NOTED, open, POSITION } from './local-evidence.suite.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('evidence');
});
afterEach(() => directory.remove());

describe('the host’s own evidence', () => {
  test('is there again after a restart, with or without a close', async () => {
    const { local } = await open(directory.path);
    await local.note(NOTED);
    await local.absorb(remote({ leases: [aLease()], fed: FED }));
    const before = everything(local);
    expect(before).toMatchObject({
      repullable: new Set([RUBY_ID]),
      builtHere: new Set([identity(9)]),
      projectImages: new Map([[7, [RUBY_ID, RUBY]]]),
      leases: [aLease()],
      freshness: { kind: 'fresh', asOf: NOON },
      position: POSITION,
      managers: [MANAGER],
      instance: 'gitlab',
      projects: [7, undefined],
    });
    const killed = await open(directory.path);
    expect(everything(killed.local)).toEqual(before);
    await killed.local.close();
    expect(await readdir(directory.path)).toEqual(['evidence.json']);
    const closed = await open(directory.path);
    expect(everything(closed.local)).toEqual(before);
    expect([...killed.said, ...closed.said]).toEqual([]);
  });

  test('is a copy: what was read does not change', async () => {
    const { local } = await open(directory.path);
    const before = local.read(NOON);
    await local.note(NOTED);
    expect([before.lastUses.size, before.repullable.size]).toEqual([0, 0]);
    expect(local.read(NOON).lastUses).toBe(local.read(NOON).lastUses);
  });

  test('says how far GitLab’s side of it reaches', async () => {
    const { local } = await open(directory.path);
    expect(local.read(NOON).freshness).toEqual({ kind: 'watch-only', asOf: undefined });
    await local.absorb(remote({ fed: FED }));
    const kinds = [HOUR, HOUR + 1, -2 * HOUR].map((after) => local.read(later(after)).freshness.kind);
    expect(kinds).toEqual(['fresh', 'stale', 'stale']);
    await local.absorb(remote({ fed: { ...FED, at: later(-HOUR) } }));
    expect(local.read(NOON).freshness.asOf).toBe(NOON);
    await local.absorb(remote());
    expect(local.read(NOON).freshness.asOf).toBe(NOON);
  });

  test('has the leases as Redis has them, while they last', async () => {
    const { local } = await open(directory.path);
    await local.absorbLeases([aLease(), aLease({ job: aJob(2), expiresAt: later(MINUTE) })]);
    expect(local.read(later(MINUTE)).leases).toEqual([aLease()]);
    await local.absorbLeases([]);
    expect((await open(directory.path)).local.read(NOON).leases).toEqual([]);
  });

  test('knows a manager for 30 days', async () => {
    const { local } = await open(directory.path);
    await local.note(NOTED);
    expect(local.managers(later(30 * DAY))).toEqual([MANAGER]);
    expect(local.managers(later(30 * DAY + 1))).toEqual([]);
  });

  test('takes no identity that Redis would not give back', async () => {
    const { local } = await open(directory.path);
    const unfit = ['', 'two words', 'x'.repeat(513), 'x\u0007'] as Identity[];
    await local.note(
      seen({ uses: [aUse({ identities: [...unfit, RUBY] })], pulled: unfit, builtHere: unfit }),
    );
    const { lastUses, repullable, builtHere } = local.read(NOON);
    expect([[...lastUses.keys()], repullable.size, builtHere.size]).toEqual([[RUBY], 0, 0]);
  });

  test('is, whatever is noted, taken over, closed and opened in between, what all of it together says', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: anySightings.map((sightings) => ({ kind: 'note' as const, sightings })) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('absorb' as const),
          uses: fc.array(anyUse, { maxLength: 3 }),
          leases: fc.array(anyLease, { maxLength: 2 }),
        }),
      },
      { weight: 2, arbitrary: fc.constantFrom({ kind: 'close' as const }, { kind: 'kill' as const }) },
    );
    const bounds = { ...DEFAULT_BOUNDS, identities: 4 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const here = await mkdtemp(join(directory.path, 'here-'));
        const twin = createMemoryEvidenceStore(bounds);
        // One that is never closed nor killed.
        const elsewhere = await mkdtemp(join(directory.path, 'elsewhere-'));
        const { local: steady } = await open(elsewhere, undefined, bounds);
        let { local } = await open(here, undefined, bounds);
        for (const now of steps) {
          if (now.kind === 'note') {
            await Promise.all([local.note(now.sightings), steady.note(now.sightings)]);
            await twin.recordUses(HOST, now.sightings.uses);
          } else if (now.kind === 'absorb') {
            const redis = createMemoryEvidenceStore(bounds);
            await redis.recordUses(HOST, now.uses);
            await twin.recordUses(HOST, now.uses);
            const there = remote({ lastUses: await redis.lastUses(HOST), leases: now.leases });
            const lacking = await local.absorb(there);
            await steady.absorb(there);
            expect(new Set(lacking.repullable)).toEqual(steady.read(NOON).repullable);
            await redis.recordUses(HOST, lacking.uses);
            expect(await redis.lastUses(HOST)).toEqual(await twin.lastUses(HOST));
          } else {
            if (now.kind === 'close') await local.close();
            ({ local } = await open(here, undefined, bounds));
          }
        }
        expect(local.read(NOON).lastUses).toEqual(await twin.lastUses(HOST));
        expect(everything(local)).toEqual(everything(steady));
      }),
      { numRuns: 200 },
    );
  });
});
