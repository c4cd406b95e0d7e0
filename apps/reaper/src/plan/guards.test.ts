import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import type { TagName } from '../engine/port.ts';
import { OWN_IMAGE_LABEL } from './guards.ts';
import { plan } from './plan.ts';
import { EVICT_REASONS, KEEP_REASONS, type Reason } from './reasons.ts';
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
import type { Snapshot } from './snapshot.ts';

const THREE_USED = { a: aUse(300), b: aUse(200), c: aUse(100) };

describe('guards', () => {
  const low = { filesystems: [aDisk(100)] };
  const emergency = { filesystems: [aDisk(10)] };
  const one = (more: Parameters<typeof anImage>[2] = {}) => [anImage('a', { a: 100 }, more)];
  const used = { a: aUse(200) };
  const container = { ...aContainer('a'), state: 'created' };

  const never: readonly [Reason, Snapshot][] = [
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
    ['own-image', [one({ labels: { [OWN_IMAGE_LABEL]: 'reaper' } }), used, {}]],
    ['lease-predicted', [one(), used, { leases: [aLease(imageId('a'), 'predicted')] }]],
    [
      'project-preparing',
      [
        one(),
        used,
        {
          containers: [aContainer('b', 'predefined')],
          projectImages: new Map([[1 as ProjectId, [imageId('a') as string as Identity]]]),
        },
      ],
    ],
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
    ['built-here', [one(), used, { repullable: [], builtHere: [imageId('a')] }]],
    ['origin-unknown', [one(), used, { repullable: [] }]],
  ];
  it.each(yielding)('%s holds, and yields in an emergency', (reason, [images, uses, more]) => {
    expect(decisions(aSnapshot(images, uses, { ...more, ...low }))).toEqual({ a: `keep ${reason}` });
    expect(decisions(aSnapshot(images, uses, { ...more, ...emergency }))).toEqual({ a: 'evict emergency' });
  });

  it.each([
    ['of unknown origin', []],
    ['that was built here', [imageId('a')]],
  ])('lets an image %s go like any other once it was unused for localMaxUnused', (_, builtHere) => {
    const arrived = new Map([[imageId('a'), (NOW - 40 * 24 * 60 * MINUTE) as Millis]]);
    const more = { repullable: [], builtHere, firstSeen: arrived, ...low };
    expect(decisions(aSnapshot(one(), { a: aUse(31 * 24 * 60) }, more))).toEqual({ a: 'evict disk-low' });
  });

  it('opens protected tiers only as far as the emergency goes, after all others', () => {
    const images = [anImage('a', { a: 100 }), anImage('b', { b: 100 }), anImage('c', { c: 100 })];
    const made = decisions(aSnapshot(images, THREE_USED, { ...emergency, repullable: [imageId('c')] }));
    expect(made).toEqual({ c: 'evict emergency', a: 'keep origin-unknown', b: 'keep origin-unknown' });
  });

  it('lets no grace begin in the future', () => {
    const ahead = { arrivedAt: (NOW + 600 * MINUTE) as Millis };
    const snapshot = aSnapshot(one(ahead), {}, emergency);
    expect(decisions(snapshot)).toEqual({ a: 'keep grace-after-pull' });
    const seen = new Map([[imageId('a'), (NOW - 20 * MINUTE) as Millis]]);
    const built = aSnapshot(
      one({ ...ahead, arrivalSource: 'created' }),
      {},
      { ...emergency, firstSeen: seen },
    );
    expect(decisions(built)).toEqual({ a: 'evict emergency' });
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
    const withContainer = (type: string) =>
      decisions(
        aSnapshot(
          images,
          { a: aUse(200), b: aUse(100) },
          {
            ...low,
            leases: [aLease('docker.io/library/a:1', 'predicted')],
            containers: [aContainer('b', type)],
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
    const kept = aSnapshot(images, { a: aUse(300), b: aUse(200) }, { ...low, containers: [aContainer('b')] });
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
