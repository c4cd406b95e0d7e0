import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse } from '@sideband/shared/evidence/model';
import { silentLog } from '@sideband/shared/log';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineImage, ImageId } from '../engine/port.ts';
import { openMemoryOfImages } from '../reap/memory-of-images.ts';
import { explain } from './explain.ts';
import { type Decision, plan } from './plan.ts';
import { aContainer, aDisk, anImage, aPolicy, aSnapshot, aUse, MINUTE } from './snapshot.suite.ts';
import type { Snapshot } from './snapshot.ts';

const NOW = 1_795_262_400_000 as Millis;
const DAY = 24 * 60 * MINUTE;
const COUNT = 1_000;
const LAYER_BYTES = 1_000_000;

interface Known {
  /** Milliseconds before now. */
  readonly age: number;
  readonly source: EngineImage['arrivalSource'];
  /** When it was last used, as a share of its age; undefined: nobody knows. */
  readonly used: number | undefined;
  readonly isPulled: boolean;
  readonly inUse: boolean;
}

const known: fc.Arbitrary<Known> = fc
  .record({
    age: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 60 * MINUTE, max: 3 * 365 * DAY }) },
      // Whole months, so that many agree; and some that came within the grace.
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 36 }).map((months) => months * 30 * DAY) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 * MINUTE }) },
    ),
    source: fc.constantFrom('tagged', 'record', 'created'),
    used: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    isPulled: fc.boolean(),
    inUse: fc.integer({ min: 0, max: 9 }).map((digit) => digit === 0),
  })
  .map((one) => ({ ...one, used: one.used ?? undefined }));

/** A host that a reaper has just been put on. Its state directory cannot be written: what it remembers stays in memory. */
async function aHost(all: readonly Known[], freeBytes: number): Promise<Snapshot> {
  const images = all.map(({ age, source }, index) =>
    anImage(
      '',
      { [`own-${index}`]: LAYER_BYTES },
      {
        id: idOf(index),
        arrivedAt: (NOW - age) as Millis,
        arrivalSource: source,
      },
    ),
  );
  const memory = await openMemoryOfImages('/dev/null/state', silentLog());
  await memory.meet(images, NOW);
  const snapshot = aSnapshot(
    images,
    {},
    {
      filesystems: [{ ...aDisk(freeBytes), totalBytes: COUNT * LAYER_BYTES }],
      containers: all.flatMap(({ inUse }, index) =>
        inUse ? [{ ...aContainer(''), id: String(index), image: idOf(index) }] : [],
      ),
      repullable: all.flatMap(({ isPulled }, index) => (isPulled ? [idOf(index)] : [])),
      firstSeen: memory.firstSeen(),
    },
  );
  const lastUses = all.flatMap(({ age, used }, index): [Identity, LastUse][] =>
    used === undefined
      ? []
      : [[idOf(index) as string as Identity, { ...aUse(0), at: (NOW - Math.floor(age * used)) as Millis }]],
  );
  return { ...snapshot, evidence: { ...snapshot.evidence, lastUses: new Map(lastUses) } };
}

function idOf(index: number): ImageId {
  return `sha256:${index.toString(16).padStart(64, '0')}` as ImageId;
}

/** A host is drawn from a seed: a counterexample of a thousand images shrinks to nothing that a person could read. */
const HOST = fc.noShrink(fc.integer());

function aThousand(seed: number): readonly Known[] {
  return fc.sample(known, { seed, numRuns: COUNT });
}

const RUNS = { numRuns: 5 };
const NEVER = new Set<string>(['in-use', 'grace-after-pull']);

describe('the first plan on a host with a thousand images of every age', () => {
  it('ranks each by its last use, or by its arrival where none is known: none as never used', async () => {
    await fc.assert(
      fc.asyncProperty(HOST, async (seed) => {
        const all = aThousand(seed);
        const { decisions } = plan(await aHost(all, COUNT * LAYER_BYTES), aPolicy(), NOW);
        const seen = new Map(decisions.map((decision) => [decision.image.id, decision.lastUse]));
        expect(seen.size).toBe(COUNT);
        for (const [index, { age, used }] of all.entries()) {
          expect(seen.get(idOf(index))?.at).toBe(NOW - Math.floor(age * (used ?? 1)));
          expect(seen.get(idOf(index))?.use !== undefined).toBe(used !== undefined);
        }
      }),
      RUNS,
    );
  });

  it('lets nothing unknown outrank what is known to be used since that came', async () => {
    await fc.assert(
      fc.asyncProperty(HOST, async (seed) => {
        const all = aThousand(seed);
        const { decisions } = plan(await aHost(all, COUNT * LAYER_BYTES), aPolicy(), NOW);
        for (const tier of tiers(decisions)) {
          // In order of time; and at the same time the unknown before the known.
          const ranks = tier.map(({ lastUse }) => [lastUse.at, lastUse.use === undefined ? 0 : 1] as const);
          expect(ranks).toEqual([...ranks].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
        }
      }),
      RUNS,
    );
  });

  it('holds in grace what came a moment ago, and not all because the reaper did', async () => {
    await fc.assert(
      fc.asyncProperty(HOST, async (seed) => {
        const all = aThousand(seed);
        const { decisions } = plan(await aHost(all, COUNT * LAYER_BYTES), aPolicy(), NOW);
        const inGrace = decisions.filter(({ reason }) => reason === 'grace-after-pull');
        const young = all.filter(({ age, inUse }) => age < 10 * MINUTE && !inUse);
        expect(inGrace).toHaveLength(young.length);
      }),
      RUNS,
    );
  });

  it('makes room in an emergency down to what containers use and what came a moment ago', async () => {
    await fc.assert(
      fc.asyncProperty(HOST, async (seed) => {
        const all = aThousand(seed);
        const mark = { kind: 'bytes', bytes: COUNT * LAYER_BYTES } as const;
        const disk = { start: mark, stop: mark, emergency: mark } as ReturnType<typeof aPolicy>['disk'];
        const made = plan(await aHost(all, 0), aPolicy({ disk }), NOW);
        const held = all.filter(({ age, inUse }) => inUse || age < 10 * MINUTE).length;
        expect(made.evictions).toHaveLength(COUNT - held);
        expect(made.shortfallBytes).toBe(held * LAYER_BYTES);
        for (const { verdict, reason } of made.decisions) {
          expect(verdict === 'evict' ? reason === 'emergency' : NEVER.has(reason)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('takes the longest unused of what may go until there is room, and can explain each', async () => {
    await fc.assert(
      fc.asyncProperty(HOST, async (seed) => {
        const all = aThousand(seed);
        const bytes = 50 * LAYER_BYTES;
        const mark = { kind: 'bytes', bytes } as const;
        const none = { kind: 'bytes', bytes: 0 } as const;
        const disk = { start: mark, stop: mark, emergency: none } as ReturnType<typeof aPolicy>['disk'];
        const made = plan(await aHost(all, 0), aPolicy({ disk }), NOW);
        const going = made.evictions.map(({ lastUse }) => lastUse.at);
        const staying = made.decisions.filter(({ reason }) => reason === 'room-enough');
        expect(going).toHaveLength(50);
        expect(Math.max(...going)).toBeLessThanOrEqual(Math.min(...staying.map(({ lastUse }) => lastUse.at)));
        for (const decision of made.decisions) {
          expect(explain(decision, NOW)).toMatch(
            /^It (?:goes, freeing 1 MB|stays): .+; (?:no use is known, it came|last used) (?:\d+[dhms]){1,2} ago/,
          );
        }
      }),
      RUNS,
    );
  });
});

/** What nothing holds, what an emergency opens, and what never goes, each in the plan's order. */
function tiers(decisions: readonly Decision[]): readonly (readonly Decision[])[] {
  const isFree = ({ reason }: Decision) => reason === 'room-enough';
  const isNever = ({ reason }: Decision) => NEVER.has(reason);
  return [
    decisions.filter(isFree),
    decisions.filter((one) => !isFree(one) && !isNever(one)),
    decisions.filter(isNever),
  ];
}
