import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse, Lease } from '@sideband/shared/evidence/model';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import type { DiskReading } from '../disk/port.ts';
import type { ChainId, EngineContainer, EngineImage, ImageId, TagName } from '../engine/port.ts';
import { plan } from './plan.ts';
import type { Policy } from './policy.ts';
import type { Evidence, Snapshot } from './snapshot.ts';

/** Hand-made snapshots for the planner's tests: an hour is 3,600,000, a disk has 1,000 bytes. */
export const NOW = 10_000_000_000 as Millis;
export const MINUTE = 60_000;

export function imageId(letter: string): ImageId {
  return `sha256:${letter.repeat(64).slice(0, 64)}` as ImageId;
}

export function anImage(
  letter: string,
  layers: Record<string, number>,
  more: Partial<EngineImage> = {},
): EngineImage {
  return {
    id: imageId(letter),
    tags: [`docker.io/library/${letter}:1` as TagName],
    digests: [],
    layers: Object.entries(layers).map(([chain, bytes]) => ({ chain: chain as ChainId, bytes })),
    parent: undefined,
    labels: {},
    arrivedAt: (NOW - 600 * MINUTE) as Millis,
    arrivalSource: 'record',
    ...more,
  };
}

export function aUse(minutesAgo: number, job = 1): LastUse & Pick<Lease, 'job'> {
  return {
    at: (NOW - minutesAgo * MINUTE) as Millis,
    source: 'trace',
    role: 'build',
    job: { instance: 'gitlab.example' as InstanceName, project: 1 as ProjectId, job: job as JobId },
    jobName: 'test',
  };
}

export function aLease(identity: string, strength: Lease['strength'], minutesLeft = 60): Lease {
  return {
    job: aUse(0).job,
    identity: identity as Identity,
    strength,
    expiresAt: (NOW + minutesLeft * MINUTE) as Millis,
  };
}

/** Of image `letter`. `type`: what the runner calls it, for job 1 of project 1, or undefined where it is none of a job. */
export function aContainer(letter: string, type?: string, minutesOld = 5): EngineContainer {
  const runner = 'com.gitlab.gitlab-runner.';
  return {
    id: `container-${letter}`,
    image: imageId(letter),
    createdAt: (NOW - minutesOld * MINUTE) as Millis,
    state: 'running',
    labels:
      type === undefined
        ? {}
        : { [`${runner}type`]: type, [`${runner}project.id`]: '1', [`${runner}job.id`]: '1' },
  };
}

export function aDisk(freeBytes: number, path = '/var/lib/docker'): DiskReading {
  return { path, device: path, totalBytes: 1_000, freeBytes, totalInodes: 1_000, freeInodes: 900 };
}

/** Marks: start below 200 bytes free, stop at 300, emergency below 50; no budget. */
export function aPolicy(more: Partial<Policy> = {}): Policy {
  const bytes = (count: number): Policy['disk']['start'] =>
    ({ kind: 'bytes', bytes: count }) as Policy['disk']['start'];
  return {
    mode: 'enforce',
    disk: { start: bytes(200), stop: bytes(300), emergency: bytes(50) },
    budget: undefined,
    localMaxUnused: (30 * 24 * 60 * MINUTE) as Policy['localMaxUnused'],
    grace: {
      afterPull: (10 * MINUTE) as Policy['grace']['afterPull'],
      afterUse: (10 * MINUTE) as Policy['grace']['afterUse'],
    },
    ...more,
  };
}

/** `repullable` and `builtHere`: identities; every image is re-pullable unless said otherwise. */
export function aSnapshot(
  images: readonly EngineImage[],
  uses: Record<string, LastUse>,
  more: Partial<Snapshot & Pick<Evidence, 'leases' | 'projectImages' | 'freshness'>> & {
    repullable?: readonly string[];
    builtHere?: readonly string[];
  } = {},
): Snapshot {
  const { leases = [], repullable = images.map(({ id }) => id), builtHere = [], ...others } = more;
  const { projectImages = new Map(), freshness = { kind: 'fresh', asOf: NOW }, ...rest } = others;
  return {
    images,
    containers: [],
    filesystems: [aDisk(500)],
    evidence: {
      lastUses: new Map(
        Object.entries(uses).map(([letter, use]) => [imageId(letter) as unknown as Identity, use]),
      ),
      leases,
      repullable: new Set(repullable as readonly Identity[]),
      builtHere: new Set(builtHere as readonly Identity[]),
      projectImages,
      freshness,
    },
    runningJobs: [],
    firstSeen: new Map(),
    lostDigests: new Map(),
    blocked: new Map(),
    request: undefined,
    begun: undefined,
    ...rest,
  };
}

/** `{ a: 'evict disk-low' }`: verdict and reason by the letter of each image's id. */
export function decisions(snapshot: Snapshot, policy = aPolicy()): Record<string, string> {
  const { decisions } = plan(snapshot, policy, NOW);
  return Object.fromEntries(
    decisions.map(({ image, verdict, reason }) => [image.id.slice(7, 8), `${verdict} ${reason}`]),
  );
}
