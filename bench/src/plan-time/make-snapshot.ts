import type {
  ChainId,
  DigestName,
  EngineContainer,
  EngineImage,
  ImageId,
  TagName,
} from '@sideband/reaper/engine/port';
import { identitiesOf } from '@sideband/reaper/engine/port';
import type { Snapshot } from '@sideband/reaper/plan/snapshot';
import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse } from '@sideband/shared/evidence/model';
import type { InstanceName, JobId, ProjectId } from '@sideband/shared/names';

const BASES = 50;
const LAYERS_OF_BASE = 4;
const OWN_LAYERS = 4;
const WEEK_MS = 7 * 86_400_000;

/**
 * A host whose disk is 95 % full of this many images: 50 bases of four layers, four layers of its own on top, one tag
 * and one digest each, all used within a week, every tenth with a running container.
 */
export function makeSnapshot(count: number, now: Millis, random: () => number): Snapshot {
  const images = Array.from({ length: count }, (_, index) => makeImage(index, now, random));
  const totalBytes = Math.round(uniqueBytes(images) / 0.95);
  const filesystem = {
    ...{ path: '/in-memory', device: 'in-memory', totalBytes, freeBytes: Math.round(totalBytes * 0.05) },
    ...{ totalInodes: 1_000_000, freeInodes: 900_000 },
  };
  const uses = images.flatMap((image, index) => {
    const use = makeUse(index, (now - Math.floor(random() * WEEK_MS)) as Millis);
    return identitiesOf(image).map((identity) => [identity, use] as const);
  });
  return {
    images,
    containers: images
      .filter((_, index) => index % 10 === 0)
      .map((image, index) => makeContainer(image.id, index, now)),
    filesystems: [filesystem],
    evidence: {
      lastUses: new Map<Identity, LastUse>(uses),
      leases: [],
      repullable: new Set(images.flatMap((image) => identitiesOf(image))),
      builtHere: new Set(),
      projectImages: new Map(),
      freshness: { kind: 'fresh', asOf: now },
    },
    runningJobs: [],
    firstSeen: new Map(images.map((image) => [image.id, image.arrivedAt])),
    lostDigests: new Map(),
    blocked: new Map(),
    request: undefined,
    begun: undefined,
  };
}

function makeImage(index: number, now: Millis, random: () => number): EngineImage {
  const hex = index.toString(16).padStart(64, '0');
  const layer = (chain: string, bytes: number) => ({ chain: chain as ChainId, bytes });
  const base = index % BASES;
  return {
    id: `sha256:${hex}` as ImageId,
    tags: [`registry.example.com/group/project-${index}:1` as TagName],
    digests: [`registry.example.com/group/project-${index}@sha256:${hex}` as DigestName],
    layers: [
      ...Array.from({ length: LAYERS_OF_BASE }, (_, depth) => layer(`base-${base}-${depth}`, 100_000_000)),
      ...Array.from({ length: OWN_LAYERS }, (_, depth) =>
        layer(`own-${index}-${depth}`, 1 + Math.floor(random() * 500_000_000)),
      ),
    ],
    parent: undefined,
    labels: {},
    arrivedAt: (now - WEEK_MS - Math.floor(random() * WEEK_MS)) as Millis,
    arrivalSource: 'record',
  };
}

/** A job's build container. */
function makeContainer(image: ImageId, index: number, now: Millis): EngineContainer {
  const runner = 'com.gitlab.gitlab-runner.';
  return {
    id: String(index),
    image,
    createdAt: now,
    state: 'running',
    labels: { [`${runner}type`]: 'build', [`${runner}project.id`]: '1', [`${runner}job.id`]: `${index + 1}` },
  };
}

function makeUse(job: number, at: Millis): LastUse {
  return {
    at,
    source: 'trace',
    role: 'build',
    job: {
      instance: 'bench' as InstanceName,
      project: 1 as ProjectId,
      job: (job + 1) as JobId,
    },
    jobName: 'test',
  };
}

function uniqueBytes(images: readonly EngineImage[]): number {
  const layers = new Map(images.flatMap((image) => image.layers.map(({ chain, bytes }) => [chain, bytes])));
  return [...layers.values()].reduce((sum, bytes) => sum + bytes, 0);
}
