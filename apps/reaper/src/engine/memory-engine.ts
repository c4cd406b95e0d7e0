import { createHash } from 'node:crypto';
import { type Clock, type Millis, systemClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { canonicalNames } from './canonical-names.ts';
import { isSingleReference, type Reference, repositoryOfName } from './memory-references.ts';
import type {
  ChainId,
  DigestName,
  Engine,
  EngineContainer,
  EngineImage,
  ImageId,
  RemoveOutcome,
  TagName,
} from './port.ts';

export interface MemoryEngineOptions {
  /** Gives the time of tagging. */
  readonly clock?: Clock;
  /**
   * Called before each removal, to let something happen at that very moment (a container appears). What it
   * answers is the outcome, and nothing is removed; undefined lets the removal go on.
   */
  readonly beforeRemove?: (target: string) => Promise<RemoveOutcome | undefined> | RemoveOutcome | undefined;
}

export interface MemoryImageOptions {
  readonly id?: ImageId;
  readonly tags?: readonly string[];
  readonly digests?: readonly string[];
  /** Base first. */
  readonly layers: readonly { readonly chain: string; readonly bytes: number }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly parent?: ImageId;
  readonly arrivedAt: number;
}

/** An engine that is only a memory, with the refusals of Docker's own image store; and the other side of it. */
export interface MemoryEngine extends Engine {
  /** A name another image has moves to this one, as it does when an engine pulls or builds. */
  addImage(image: MemoryImageOptions): ImageId;
  addContainer(container: {
    readonly image: ImageId;
    readonly labels?: Readonly<Record<string, string>>;
    readonly state?: string;
  }): string;
  startContainer(id: string): void;
  removeContainer(id: string): void;
  /** Bytes of all layers, each counted once. */
  usedBytes(): number;
  /** Until `start`, every method of the port throws `ENGINE_UNAVAILABLE`. */
  stop(): void;
  start(): void;
}

type StoredImage = Pick<EngineImage, 'id' | 'layers' | 'parent' | 'labels' | 'arrivedAt' | 'arrivalSource'>;

export function createMemoryEngine(options: MemoryEngineOptions = {}): MemoryEngine {
  const clock = options.clock ?? systemClock;
  const images = new Map<ImageId, StoredImage>();
  const references = new Map<Reference, ImageId>();
  const containers = new Map<string, EngineContainer>();
  let made = 0;
  let isStopped = false;

  function serial(): string {
    made += 1;
    return createHash('sha256').update(String(made)).digest('hex');
  }

  function referencesOf(id: ImageId): readonly Reference[] {
    return [...references].filter(([, image]) => image === id).map(([reference]) => reference);
  }

  function namesOf(id: ImageId): {
    readonly tags: readonly TagName[];
    readonly digests: readonly DigestName[];
  } {
    const own = referencesOf(id);
    const isDigest = (reference: Reference): reference is DigestName => reference.includes('@');
    return {
      tags: own.filter((reference): reference is TagName => !isDigest(reference)).sort(),
      digests: own.filter(isDigest).sort(),
    };
  }

  function containersOf(id: ImageId): readonly EngineContainer[] {
    return [...containers.values()].filter((container) => container.image === id);
  }

  function hasChildren(id: ImageId): boolean {
    return [...images.values()].some((image) => image.parent === id);
  }

  function removeById(id: ImageId): RemoveOutcome {
    if (!images.has(id)) return { kind: 'absent' };
    if (hasChildren(id)) return { kind: 'in-use' };
    const users = containersOf(id);
    const own = referencesOf(id);
    if (!isSingleReference(own)) {
      const isRunning = users.some((container) => container.state === 'running');
      return { kind: isRunning ? 'in-use' : 'several-names' };
    }
    if (users.length > 0) return { kind: 'in-use' };
    for (const reference of own) references.delete(reference);
    images.delete(id);
    return { kind: 'removed' };
  }

  function removeByName(name: Reference): RemoveOutcome {
    const id = references.get(name);
    if (id === undefined) return { kind: 'absent' };
    // Not for as long as other names remain: a container then does not keep this one.
    if (isSingleReference(referencesOf(id)) && containersOf(id).length > 0) return { kind: 'in-use' };
    references.delete(name);
    const repository = repositoryOfName(name);
    const siblings = referencesOf(id).filter((other) => repositoryOfName(other) === repository);
    // With the last tag of a repository go its digests.
    if (!name.includes('@') && siblings.every((other) => other.includes('@'))) {
      for (const digest of siblings) references.delete(digest);
    }
    if (referencesOf(id).length > 0 || hasChildren(id)) return { kind: 'untagged' };
    images.delete(id);
    return { kind: 'removed' };
  }

  function requireStarted(): void {
    if (isStopped) throw new SidebandError('ENGINE_UNAVAILABLE', { engine: 'in-memory' });
  }

  return {
    async describe() {
      requireStarted();
      return { name: 'in-memory', apiVersion: '0', imageRoots: ['/in-memory'] };
    },
    async images() {
      requireStarted();
      return [...images.values()].map((image) => ({ ...image, ...namesOf(image.id) }));
    },
    async containers() {
      requireStarted();
      return [...containers.values()];
    },
    async names(image) {
      requireStarted();
      return images.has(image) ? namesOf(image) : undefined;
    },
    async remove(target) {
      requireStarted();
      const instead = await options.beforeRemove?.(target);
      if (instead !== undefined) return instead;
      return target.startsWith('sha256:') ? removeById(target as ImageId) : removeByName(target as Reference);
    },
    async tag(id, name) {
      requireStarted();
      const image = images.get(id);
      if (image === undefined)
        throw new SidebandError('ENGINE_FAILED', { call: 'tag', reason: 'no such image' });
      references.set(name, id);
      images.set(id, { ...image, arrivedAt: clock.now(), arrivalSource: 'tagged' });
    },
    addImage(image) {
      const id = image.id ?? (`sha256:${serial()}` as ImageId);
      const { tags, digests } = canonicalNames(image.tags, image.digests);
      images.set(id, {
        id,
        layers: image.layers.map(({ chain, bytes }) => ({ chain: chain as ChainId, bytes })),
        parent: image.parent,
        labels: image.labels ?? {},
        arrivedAt: image.arrivedAt as Millis,
        arrivalSource: 'record',
      });
      for (const name of [...tags, ...digests]) references.set(name, id);
      return id;
    },
    addContainer({ image, labels, state }) {
      if (!images.has(image)) throw new Error(`No such image: ${image}`);
      const id = serial();
      containers.set(id, { id, image, state: state ?? 'created', labels: labels ?? {} });
      return id;
    },
    startContainer(id) {
      const container = containers.get(id);
      if (container === undefined) throw new Error(`No such container: ${id}`);
      containers.set(id, { ...container, state: 'running' });
    },
    removeContainer: (id) => void containers.delete(id),
    usedBytes() {
      const layers = [...images.values()].flatMap((image) => image.layers);
      const bytes = new Map(layers.map((layer) => [layer.chain, layer.bytes]));
      return [...bytes.values()].reduce((sum, each) => sum + each, 0);
    },
    stop() {
      isStopped = true;
    },
    start() {
      isStopped = false;
    },
  };
}
