import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DigestName, TagName } from '../engine/port.ts';
import { OWN_IMAGE_LABEL } from './guards.ts';
import { plan } from './plan.ts';
import { EVICT_REASONS, KEEP_REASONS, type Reason } from './reasons.ts';
import { aDisk, aLease, anImage, aPolicy, aSnapshot, aUse, imageId, MINUTE, NOW } from './snapshot.suite.ts';
import type { Snapshot } from './snapshot.ts';

function decisions(snapshot: Snapshot, policy = aPolicy()): Record<string, string> {
  const { decisions } = plan(snapshot, policy, NOW);
  return Object.fromEntries(
    decisions.map(({ image, verdict, reason }) => [image.id.slice(7, 8), `${verdict} ${reason}`]),
  );
}

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

  it('has an empty plan for a host without images', () => {
    const made = plan(aSnapshot([], {}, LOW), aPolicy(), NOW);
    expect(made).toMatchObject({ decisions: [], evictions: [], totalBytes: 0, shortfallBytes: 150 });
  });
});

describe('guards', () => {
  const low = { filesystems: [aDisk(100)] };
  const emergency = { filesystems: [aDisk(10)] };
  const one = (more: Parameters<typeof anImage>[2] = {}) => [anImage('a', { a: 100 }, more)];
  const used = { a: aUse(200) };
  const container = { id: 'c1', image: imageId('a'), state: 'created', labels: {} };

  const never: readonly [Reason, Snapshot][] = [
    ['own-image', aSnapshot(one({ labels: { [OWN_IMAGE_LABEL]: 'reaper' } }), used, emergency)],
    ['in-use', aSnapshot(one(), used, { ...emergency, containers: [container] })],
    [
      'leased',
      aSnapshot(one(), used, { ...emergency, leases: [aLease('docker.io/library/a:1', 'confirmed')] }),
    ],
    [
      'engine-refused',
      aSnapshot(one(), used, { ...emergency, blocked: new Map([[imageId('a'), 'engine-refused']]) }),
    ],
    [
      'grace-after-pull',
      aSnapshot(one(), used, {
        ...emergency,
        firstSeen: new Map([[imageId('a'), (NOW - MINUTE) as Millis]]),
      }),
    ],
  ];
  it.each(never)('%s holds even in an emergency', (reason, snapshot) => {
    expect(decisions(snapshot)).toEqual({ a: `keep ${reason}` });
  });

  const yielding: readonly [Reason, Parameters<typeof aSnapshot>][] = [
    ['lease-predicted', [one(), used, { leases: [aLease(imageId('a'), 'predicted')] }]],
    ['grace-after-use', [one(), { a: aUse(1) }, {}]],
    [
      'helper-image',
      [
        one({
          tags: [
            'registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:x86_64-v19.3.0' as TagName,
          ],
        }),
        used,
        {},
      ],
    ],
    ['origin-unknown', [one(), used, { repullable: [] }]],
  ];
  it.each(yielding)('%s holds, and yields in an emergency', (reason, [images, uses, more]) => {
    expect(decisions(aSnapshot(images, uses, { ...more, ...low }))).toEqual({ a: `keep ${reason}` });
    expect(decisions(aSnapshot(images, uses, { ...more, ...emergency }))).toEqual({ a: 'evict emergency' });
  });

  it('lets an image of unknown origin go like any other once it was unused for localMaxUnused', () => {
    const aged = aSnapshot(one(), { a: aUse(31 * 24 * 60) }, { repullable: [], ...low });
    const arrived = new Map([[imageId('a'), (NOW - 40 * 24 * 60 * MINUTE) as Millis]]);
    expect(decisions({ ...aged, firstSeen: arrived })).toEqual({ a: 'evict disk-low' });
  });

  it('opens protected tiers only as far as the emergency goes, after all others', () => {
    const images = [anImage('a', { a: 100 }), anImage('b', { b: 100 }), anImage('c', { c: 100 })];
    const made = decisions(aSnapshot(images, THREE_USED, { ...emergency, repullable: [imageId('c')] }));
    expect(made).toEqual({ c: 'evict emergency', a: 'keep origin-unknown', b: 'keep origin-unknown' });
  });

  it('lets a lease that has expired hold nothing', () => {
    const snapshot = aSnapshot(one(), used, {
      ...low,
      leases: [aLease('docker.io/library/a:1', 'confirmed', 0)],
    });
    expect(decisions(snapshot)).toEqual({ a: 'evict disk-low' });
  });

  it('lets a lease be over once its job has a build container here, of whatever image', () => {
    const images = [anImage('a', { a: 100 }), anImage('b', { b: 100 })];
    const labels = (type: string) => ({
      'com.gitlab.gitlab-runner.type': type,
      'com.gitlab.gitlab-runner.project.id': '1',
      'com.gitlab.gitlab-runner.job.id': '1',
    });
    const withContainer = (type: string) =>
      decisions(
        aSnapshot(
          images,
          { a: aUse(200), b: aUse(100) },
          {
            ...low,
            leases: [aLease('docker.io/library/a:1', 'predicted')],
            containers: [{ id: 'c', image: imageId('b'), state: 'running', labels: labels(type) }],
          },
        ),
      );
    expect(withContainer('predefined')).toEqual({ a: 'keep lease-predicted', b: 'keep in-use' });
    expect(withContainer('build')).toEqual({ a: 'evict disk-low', b: 'keep in-use' });
  });

  it('keeps a parent while a child stays and evicts it after its children', () => {
    const images = [
      anImage('a', { base: 100 }),
      anImage('b', { base: 100, b: 50 }, { parent: imageId('a') }),
    ];
    const kept = aSnapshot(
      images,
      { a: aUse(300), b: aUse(200) },
      { ...low, containers: [{ ...container, image: imageId('b') }] },
    );
    expect(decisions(kept)).toEqual({ a: 'keep has-children', b: 'keep in-use' });

    const free = plan(aSnapshot(images, { a: aUse(300), b: aUse(200) }, low), aPolicy(), NOW);
    expect(free.evictions.map(({ image }) => image.id)).toEqual([imageId('b'), imageId('a')]);
  });

  it('gives every reason there is in one of these tests', () => {
    const shown = new Set<string>([...never, ...yielding].map(([reason]) => reason));
    for (const reason of [...EVICT_REASONS, 'has-children', 'room-enough']) shown.add(reason);
    expect([...shown].sort()).toEqual([...EVICT_REASONS, ...KEEP_REASONS].sort());
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
              (letter) => ({ id: letter, image: imageId(letter), state: 'exited', labels: {} }),
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
