import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DigestName } from '../engine/port.ts';
import { plan } from './plan.ts';
import {
  aContainer,
  aDisk,
  aLease,
  anImage,
  aPolicy,
  aSnapshot,
  aUse,
  decisions,
  imageId,
  MINUTE,
  NOW,
} from './snapshot.suite.ts';

/** Three images of 100 bytes each, a used longest ago, c most recently. */
const THREE = [anImage('a', { a: 100 }), anImage('b', { b: 100 }), anImage('c', { c: 100 })];
const THREE_USED = { a: aUse(300), b: aUse(200), c: aUse(100) };
const LOW = { filesystems: [aDisk(150)] };

describe('plan', () => {
  it('evicts the least recently used until stop, and nothing else', () => {
    const made = plan(aSnapshot(THREE, THREE_USED, LOW), aPolicy(), NOW);

    expect(made.evictions.map(({ image }) => image.id)).toEqual([imageId('a'), imageId('b')]);
    expect(made.shortfallBytes).toBe(0);
    expect(decisions(aSnapshot(THREE, THREE_USED, LOW))).toEqual({
      a: 'evict disk-low',
      b: 'evict disk-low',
      c: 'keep room-enough',
    });
  });

  it('does nothing between start and stop: that is the hysteresis', () => {
    const made = plan(aSnapshot(THREE, THREE_USED, { filesystems: [aDisk(250)] }), aPolicy(), NOW);
    expect(made.pressure).toBeUndefined();
    expect(made.evictions).toEqual([]);
  });

  it('goes on to stop once a reap has begun', () => {
    const made = plan(
      aSnapshot(THREE, THREE_USED, { filesystems: [aDisk(250)], begun: 'disk-low' }),
      aPolicy(),
      NOW,
    );
    expect(made.evictions.map(({ reason }) => reason)).toEqual(['disk-low']);
  });

  it('goes down to the budget’s stop once the images exceed its start', () => {
    const policy = aPolicy({ budget: { startBytes: 250, stopBytes: 200 } });
    expect(decisions(aSnapshot(THREE, THREE_USED), policy)).toEqual({
      a: 'evict over-budget',
      b: 'keep room-enough',
      c: 'keep room-enough',
    });
  });

  it('counts a shared layer once for the budget and frees it with its last image', () => {
    const images = [
      anImage('a', { base: 100, a: 10 }),
      anImage('b', { base: 100, b: 10 }),
      anImage('c', { c: 100 }),
    ];
    const policy = aPolicy({ budget: { startBytes: 219, stopBytes: 150 } });
    const made = plan(aSnapshot(images, THREE_USED), policy, NOW);

    expect(made.totalBytes).toBe(220);
    expect(made.evictions.map(({ freesBytes }) => freesBytes)).toEqual([10, 110]);
  });

  it('makes room on request although the disk is above start, and only as much', () => {
    const snapshot = aSnapshot(THREE, THREE_USED, { filesystems: [aDisk(500)], request: { freeBytes: 600 } });
    expect(decisions(snapshot)).toEqual({
      a: 'evict requested',
      b: 'keep room-enough',
      c: 'keep room-enough',
    });
  });

  it('takes the larger own size first among equals', () => {
    const images = [anImage('a', { a: 10 }), anImage('b', { b: 100 })];
    const made = plan(aSnapshot(images, { a: aUse(200), b: aUse(200) }, LOW), aPolicy(), NOW);
    expect(made.evictions[0]?.image.id).toBe(imageId('b'));
  });

  it('takes one nobody is known to have used before one known to be used at that very moment', () => {
    const images = [anImage('a', { a: 100 }), anImage('b', { b: 10 })];
    const made = plan(aSnapshot(images, { a: aUse(600) }, LOW), aPolicy(), NOW);
    expect(made.evictions.map(({ image }) => image.id)).toEqual([imageId('b'), imageId('a')]);
  });

  it('says what stays wanting when everything that may go is gone', () => {
    const made = plan(aSnapshot([anImage('a', { a: 30 })], { a: aUse(200) }, LOW), aPolicy(), NOW);
    expect(made.evictions).toHaveLength(1);
    expect(made.shortfallBytes).toBe(120);
  });

  it('serves the filesystem that lacks most', () => {
    const snapshot = aSnapshot(THREE, THREE_USED, {
      filesystems: [aDisk(900), aDisk(150, '/var/lib/containerd')],
    });
    expect(plan(snapshot, aPolicy(), NOW).evictions).toHaveLength(2);
  });

  it('counts scarce inodes like scarce bytes, and a filesystem without a number of them by its bytes', () => {
    const disk = { ...aDisk(900), freeInodes: 150 };
    expect(
      plan(aSnapshot(THREE, THREE_USED, { filesystems: [disk] }), aPolicy(), NOW).evictions,
    ).toHaveLength(2);
    const uncounted = { ...disk, freeInodes: undefined };
    expect(
      plan(aSnapshot(THREE, THREE_USED, { filesystems: [uncounted] }), aPolicy(), NOW).evictions,
    ).toEqual([]);
  });

  it('has an empty plan for a host without images', () => {
    const made = plan(aSnapshot([], {}, LOW), aPolicy(), NOW);
    expect(made).toMatchObject({ decisions: [], evictions: [], totalBytes: 0, shortfallBytes: 150 });
  });
});

describe('last use', () => {
  it('is the newest under any identity the image has now, or had', () => {
    const digest = 'docker.io/library/a@sha256:1' as DigestName;
    const images = [
      anImage('a', { a: 100 }, { digests: [digest] }),
      anImage('b', { b: 100 }),
      anImage('c', { c: 100 }),
    ];
    const snapshot = aSnapshot(images, { a: aUse(300), b: aUse(200), c: aUse(250) }, LOW);
    const lastUses = new Map(snapshot.evidence.lastUses).set(digest as unknown as Identity, aUse(20));
    const lost = new Map([[imageId('c'), ['docker.io/library/c@sha256:2' as Identity]]]);
    lastUses.set('docker.io/library/c@sha256:2' as Identity, aUse(30));
    const made = plan(
      { ...snapshot, lostDigests: lost, evidence: { ...snapshot.evidence, lastUses } },
      aPolicy(),
      NOW,
    );
    expect(made.decisions.map(({ image }) => image.id)).toEqual([imageId('b'), imageId('c'), imageId('a')]);
  });

  it('is the arrival for an image nobody is known to have used, never "never"', () => {
    const images = [
      anImage('a', { a: 100 }, { arrivedAt: (NOW - 50 * MINUTE) as Millis }),
      anImage('b', { b: 100 }),
    ];
    const made = plan(aSnapshot(images, { b: aUse(100) }, LOW), aPolicy(), NOW);
    expect(made.evictions[0]?.image.id).toBe(imageId('b'));
    expect(made.decisions.find(({ image }) => image.id === imageId('a'))?.lastUse.use).toBeUndefined();
  });

  it('is cut at now', () => {
    const made = plan(aSnapshot([anImage('a', { a: 1 })], { a: aUse(-500) }), aPolicy(), NOW);
    expect(made.decisions[0]?.lastUse.at).toBe(NOW);
  });
});

describe('an image that a waiting job will probably need', () => {
  const expectA = { leases: [aLease(imageId('a'), 'expected')] };
  const order = (more: Parameters<typeof aSnapshot>[2]): string =>
    plan(aSnapshot(THREE, THREE_USED, more), aPolicy(), NOW)
      .decisions.map(({ image }) => image.id.slice(7, 8))
      .join('');

  it('goes after the others, however long ago it was used', () => {
    expect(order(LOW)).toBe('abc');
    expect(order({ ...LOW, ...expectA })).toBe('bca');
    expect(decisions(aSnapshot(THREE, THREE_USED, { ...LOW, ...expectA }))).toEqual({
      a: 'keep room-enough',
      b: 'evict disk-low',
      c: 'evict disk-low',
    });
  });

  it('goes all the same where the others are not enough, and before any that is guarded', () => {
    const more = { filesystems: [aDisk(20)], ...expectA, containers: [aContainer('c')] };
    const guarded = { ...more, repullable: [imageId('a'), imageId('c')] };
    expect(order(guarded)).toBe('abc');
    expect(decisions(aSnapshot(THREE, THREE_USED, guarded))).toEqual({
      a: 'evict emergency',
      b: 'keep origin-unknown',
      c: 'keep in-use',
    });
  });

  it('goes after the others also among those that only an emergency opens', () => {
    const none = { filesystems: [aDisk(10)], repullable: [], ...expectA };
    expect(order(none)).toBe('bca');
    expect(decisions(aSnapshot(THREE, THREE_USED, none))['b']).toBe('evict emergency');
  });

  it('is as any other once the lease is over, or its job has its build container', () => {
    expect(order({ ...LOW, leases: [aLease(imageId('a'), 'expected', 0)] })).toBe('abc');
    const build = { ...aContainer('c', 'build'), image: imageId('c') };
    expect(order({ ...LOW, ...expectA, containers: [build] })).toBe('abc');
  });

  it('is found under any of its names', () => {
    const leases = [aLease('docker.io/library/a:1', 'expected'), aLease(imageId('b'), 'expected')];
    expect(order({ ...LOW, leases })).toBe('cab');
  });
});

describe('any host', () => {
  const LAYER_BYTES = { k: 0, l: 7, m: 20, n: 55, o: 90 };
  const letters = ['a', 'b', 'c', 'd', 'e', 'f'];
  const image = fc.record({
    layers: fc.subarray(Object.entries(LAYER_BYTES)).map((layers) => Object.fromEntries(layers)),
    usedMinutesAgo: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
    inUse: fc.boolean(),
    leased: fc.boolean(),
    repullable: fc.boolean(),
  });
  const host = fc.record({
    images: fc.array(image, { maxLength: 6 }),
    free: fc.integer({ min: 0, max: 400 }),
  });

  it('loses no image that a container or a confirmed lease holds, and every image is decided once', () => {
    fc.assert(
      fc.property(host, ({ images, free }) => {
        const pick = <T>(test: (one: (typeof images)[number]) => boolean, make: (letter: string) => T): T[] =>
          images.flatMap((one, index) => (test(one) ? [make(letters[index] ?? '')] : []));
        const snapshot = aSnapshot(
          images.map((one, index) => anImage(letters[index] ?? '', one.layers)),
          Object.fromEntries(
            images.flatMap((one, index) =>
              one.usedMinutesAgo === undefined ? [] : [[letters[index], aUse(one.usedMinutesAgo)]],
            ),
          ),
          {
            filesystems: [aDisk(free)],
            containers: pick(
              (one) => one.inUse,
              (letter) => ({ ...aContainer(letter), state: 'exited' }),
            ),
            leases: pick(
              (one) => one.leased,
              (letter) => aLease(imageId(letter), 'confirmed'),
            ),
            repullable: pick((one) => one.repullable, imageId),
          },
        );
        const made = plan(snapshot, aPolicy(), NOW);

        const evicted = new Set<string>(made.evictions.map((eviction) => eviction.image.id));
        for (const held of pick((one) => one.inUse || one.leased, imageId))
          expect(evicted.has(held)).toBe(false);
        expect(made.decisions.map((decision) => decision.image.id).sort()).toEqual(
          snapshot.images.map((one) => one.id as string).sort(),
        );
        // What the evictions free together is what a fresh count says is gone.
        const after = plan(
          { ...snapshot, images: snapshot.images.filter((one) => !evicted.has(one.id)) },
          aPolicy(),
          NOW,
        );
        const freed = made.evictions.reduce((sum, eviction) => sum + eviction.freesBytes, 0);
        expect(made.totalBytes - freed).toBe(after.totalBytes);
      }),
    );
  });

  it('has the same plan whatever the order in which the engine lists its images', () => {
    fc.assert(
      fc.property(host, ({ images, free }) => {
        const made = images.map((one, index) => anImage(letters[index] ?? '', one.layers));
        const snapshot = aSnapshot(made, {}, { filesystems: [aDisk(free)] });
        const reversed = { ...snapshot, images: [...made].reverse() };
        expect(plan(reversed, aPolicy(), NOW)).toEqual(plan(snapshot, aPolicy(), NOW));
      }),
    );
  });
});
