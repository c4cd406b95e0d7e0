import type { Millis } from '@sideband/shared/clock';
import {
  type Identity,
  type LastUse,
  LEASE_STRENGTHS,
  type Lease,
  type Use,
} from '@sideband/shared/evidence/model';
import type { HostName, InstanceName, JobId, JobKey, ProjectId, SystemId } from '@sideband/shared/names';
import * as fc from 'fast-check';
import type { EventPosition, ImageId } from '../engine/port.ts';
import type { RemoteEvidence } from './port.ts';
import { NOTHING_SEEN, type Sightings } from './sightings.ts';

/** Samples for the tests of this room. */
export const HOST = 'runner-1' as HostName;
export const NOON = 1_795_262_400_000 as Millis;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const RUBY = 'docker.io/library/ruby:3.3' as Identity;
export const RUBY_ID = `sha256:${'1'.repeat(64)}` as Identity;
export const NODE = 'docker.io/library/node:20' as Identity;
export const MANAGER = 's_0123456789ab' as SystemId;

export function later(milliseconds: number): Millis {
  return (NOON + milliseconds) as Millis;
}

export function aJob(job: number, project = 7): JobKey {
  return { instance: 'gitlab' as InstanceName, project: project as ProjectId, job: job as JobId };
}

export function aUse(more: Partial<Use> = {}): Use {
  const at = more.at ?? NOON;
  return {
    job: aJob(1),
    jobName: 'rspec',
    role: 'build',
    identities: [RUBY],
    at,
    receivedAt: at,
    source: 'watch',
    ...more,
  };
}

export function aLastUse(more: Partial<LastUse> = {}): LastUse {
  return { at: NOON, source: 'watch', role: 'build', job: aJob(1), jobName: 'rspec', ...more };
}

export function aLease(more: Partial<Lease> = {}): Lease {
  return { job: aJob(1), identity: RUBY, strength: 'predicted', expiresAt: later(10 * MINUTE), ...more };
}

export function seen(more: Partial<Sightings> = {}): Sightings {
  return { ...NOTHING_SEEN, ...more };
}

export function remote(more: Partial<RemoteEvidence> = {}): RemoteEvidence {
  return { lastUses: new Map(), leases: [], repullable: new Set(), fed: undefined, ...more };
}

export function identity(number: number): Identity {
  return `sha256:${number.toString(16).padStart(64, '0')}` as Identity;
}

const identities = fc.integer({ min: 1, max: 5 }).map(identity);
const times = fc.integer({ min: 0, max: 5 }).map((step) => later(step * MINUTE));
const jobs = fc.option(
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 7, max: 8 }))
    .map(([job, project]) => aJob(job, project)),
  { nil: undefined },
);

/** Few different values, so that the same job, the same time and the same image meet often. */
export const anyUse: fc.Arbitrary<Use> = fc.record({
  job: jobs,
  jobName: fc.constantFrom('test', 'prüfen\n🦀', ''),
  role: fc.constantFrom('build', 'service', 'helper', 'container', 'image'),
  identities: fc.uniqueArray(identities, { maxLength: 3 }),
  at: times,
  receivedAt: times,
  source: fc.constantFrom('trace', 'watch'),
});

const ids = fc.uniqueArray(identities, { maxLength: 2 });
export const anySightings: fc.Arbitrary<Sightings> = fc.record({
  uses: fc.array(anyUse, { maxLength: 3 }),
  pulled: ids,
  builtHere: ids,
  deleted: ids as fc.Arbitrary<unknown> as fc.Arbitrary<ImageId[]>,
  claims: fc.constant([]),
  managers: fc.subarray([MANAGER, 's_0123456789cd' as SystemId]),
  projects: fc.array(
    fc.record({
      url: fc.constantFrom('https://gitlab.example/a/b', 'https://gitlab.example/c'),
      project: fc.constantFrom(7 as ProjectId, 8 as ProjectId),
    }),
    { maxLength: 2 },
  ),
  position: fc.option(
    fc.integer({ min: 1, max: 9 }).map((n) => `179526240${n}.5` as EventPosition),
    { nil: undefined },
  ),
});

export const anyLease: fc.Arbitrary<Lease> = fc.record({
  job: fc.constantFrom(aJob(1), aJob(2)),
  identity: identities,
  strength: fc.constantFrom(...LEASE_STRENGTHS),
  expiresAt: times,
});
