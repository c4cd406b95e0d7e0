import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { claimOn, claimsOf } from './claims.ts';
import {
  aContainer,
  aDisk,
  aLease,
  anImage,
  aSnapshot,
  aUse,
  decisions,
  imageId,
  MINUTE,
  NOW,
} from './snapshot.suite.ts';
import type { Snapshot } from './snapshot.ts';

/** Image a was used by project 1 before, b is what the containers are made of, c is of nobody. */
const IMAGES = [anImage('a', { a: 100 }), anImage('b', { b: 100 }), anImage('c', { c: 100 })];
const USES = { a: aUse(300), b: aUse(200), c: aUse(100) };
const PROJECT_IMAGES = new Map([[1 as ProjectId, [imageId('a') as string as Identity]]]);

function onA(more: Parameters<typeof aSnapshot>[2], freeBytes = 100): string | undefined {
  const low = { filesystems: [aDisk(freeBytes)], projectImages: PROJECT_IMAGES };
  return decisions(aSnapshot(IMAGES, USES, { ...low, ...more }))['a'];
}

describe('a job in its preparation gap', () => {
  it.each(['predefined', 'service', 'wait', 'cache-init'])(
    'with a %s container holds its project’s images',
    (type) => {
      expect(onA({ containers: [aContainer('b', type)] })).toBe('keep project-preparing');
    },
  );

  it('yields in an emergency', () => {
    const containers = [aContainer('b', 'predefined'), aContainer('c')];
    expect(onA({ containers }, 10)).toBe('evict emergency');
  });

  it('holds nothing once its build container is here, whatever its image and state', () => {
    const build = { ...aContainer('c', 'build'), state: 'created' };
    expect(onA({ containers: [aContainer('b', 'predefined'), build] })).toBe('evict disk-low');
    expect(onA({ containers: [build, aContainer('b', 'predefined')] })).toBe('evict disk-low');
  });

  it('holds nothing once its image is known, as long as that lease lasts', () => {
    const containers = [aContainer('b', 'predefined')];
    expect(onA({ containers, leases: [aLease(imageId('c'), 'confirmed')] })).toBe('evict disk-low');
    expect(onA({ containers, leases: [aLease(imageId('c'), 'confirmed', 0)] })).toBe(
      'keep project-preparing',
    );
    expect(onA({ containers, leases: [aLease(imageId('c'), 'predicted')] })).toBe('keep project-preparing');
  });

  it('holds nothing an hour after its oldest container was created', () => {
    expect(onA({ containers: [aContainer('b', 'service', 59)] })).toBe('keep project-preparing');
    const stuck = [aContainer('b', 'service', 60), aContainer('b', 'predefined', 1)];
    expect(onA({ containers: stuck })).toBe('evict disk-low');
    expect(onA({ containers: [...stuck].reverse() })).toBe('evict disk-low');
  });

  it('is no other project’s and no container’s outside GitLab', () => {
    const other = aContainer('b', 'predefined');
    const labels = { ...other.labels, 'com.gitlab.gitlab-runner.project.id': '2' };
    expect(onA({ containers: [{ ...other, labels }] })).toBe('evict disk-low');
    expect(onA({ containers: [aContainer('b')] })).toBe('evict disk-low');
    const nonsense = { ...other.labels, 'com.gitlab.gitlab-runner.project.id': '1 or so' };
    expect(onA({ containers: [{ ...other, labels: nonsense }] })).toBe('evict disk-low');
  });

  describe('of which only the runner’s list tells', () => {
    const listed = (project: number | undefined) => [
      { job: 1 as JobId, project: project as ProjectId | undefined },
    ];

    it('holds its project’s images, and yields in an emergency', () => {
      expect(onA({ runningJobs: listed(1) })).toBe('keep project-preparing');
      const containers = [aContainer('b'), aContainer('c')];
      expect(onA({ runningJobs: listed(1), containers }, 10)).toBe('evict emergency');
    });

    it('holds nothing where its project is not known, its image is, or its containers tell more', () => {
      const runningJobs = listed(1);
      expect(onA({ runningJobs: listed(undefined) })).toBe('evict disk-low');
      expect(onA({ runningJobs, leases: [aLease(imageId('c'), 'confirmed')] })).toBe('evict disk-low');
      expect(onA({ runningJobs, containers: [aContainer('c', 'build')] })).toBe('evict disk-low');
      expect(onA({ runningJobs, containers: [aContainer('c', 'service', 60)] })).toBe('evict disk-low');
    });
  });
});

describe('a claim', () => {
  const a = imageId('a') as string as Identity;
  const claimed = (more: Partial<Snapshot & { leases: Snapshot['evidence']['leases'] }>) =>
    claimOn([a], claimsOf(aSnapshot(IMAGES, USES, { projectImages: PROJECT_IMAGES, ...more }), NOW));
  const containers = [aContainer('b', 'predefined')];

  it('is the strongest there is', () => {
    expect(claimed({})).toBeUndefined();
    expect(claimed({ containers })).toBe('project-preparing');
    expect(claimed({ containers, leases: [aLease(a, 'predicted')] })).toBe('lease-predicted');
    const both = [aLease(a, 'predicted'), aLease(a, 'confirmed')];
    expect(claimed({ containers, leases: both })).toBe('leased');
  });

  it('is none where a waiting job will only probably need the image', () => {
    expect(claimed({ leases: [aLease(a, 'expected')] })).toBeUndefined();
    expect(claimed({ leases: [aLease(a, 'expected'), aLease(a, 'predicted')] })).toBe('lease-predicted');
    const job = { leases: [aLease(imageId('c'), 'expected')] };
    expect(claimed({ ...job, containers })).toBe('project-preparing');
    expect(onA({ ...job, containers })).toBe('keep project-preparing');
  });

  it('follows containers and leases that are read again', () => {
    const snapshot = aSnapshot(IMAGES, USES, { projectImages: PROJECT_IMAGES });
    const later = (NOW + 2 * MINUTE) as Millis;
    expect(claimOn([a], claimsOf({ ...snapshot, containers }, later))).toBe('project-preparing');
    const evidence = { ...snapshot.evidence, leases: [aLease(a, 'confirmed')] };
    expect(claimOn([a], claimsOf({ ...snapshot, containers, evidence }, later))).toBe('leased');
  });
});
