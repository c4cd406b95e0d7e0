import type { Clock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { canonicalNames } from './canonical-names.ts';
import type { Happening } from './memory-events.ts';
import { isSingleReference, type Reference, repositoryOfName } from './memory-references.ts';
import {
  type DigestName,
  type EngineContainer,
  type EngineImage,
  type ImageId,
  type NamedImage,
  type RemoveOutcome,
  type TagName,
  toImageId,
} from './port.ts';

type StoredImage = Omit<EngineImage, 'tags' | 'digests'>;

export interface MemoryImages {
  /** A name another image has moves to this one. */
  put(image: StoredImage, names: readonly Reference[]): void;
  all(): readonly EngineImage[];
  has(id: ImageId): boolean;
  /** By an id, or by a name in any spelling. */
  find(name: string): NamedImage | undefined;
  tag(id: ImageId, name: TagName): void;
  remove(target: ImageId | Reference): RemoveOutcome;
}

export interface MemoryImagesOptions {
  readonly clock: Clock;
  readonly tell: (happening: Happening) => void;
  readonly containersOf: (id: ImageId) => readonly Pick<EngineContainer, 'state'>[];
}

/** The images of the in-memory engine and their names, with the refusals of Docker's own image store. */
export function createMemoryImages({ clock, tell, containersOf }: MemoryImagesOptions): MemoryImages {
  const images = new Map<ImageId, StoredImage>();
  const references = new Map<Reference, ImageId>();

  function referencesOf(id: ImageId): readonly Reference[] {
    return [...references].filter(([, image]) => image === id).map(([reference]) => reference);
  }

  function named(id: ImageId): NamedImage {
    const own = referencesOf(id);
    const isDigest = (reference: Reference): reference is DigestName => reference.includes('@');
    const tags = own.filter((reference): reference is TagName => !isDigest(reference)).sort();
    return { id, tags, digests: own.filter(isDigest).sort() };
  }

  function hasChildren(id: ImageId): boolean {
    return [...images.values()].some((image) => image.parent === id);
  }

  function untag(id: ImageId, reference: Reference): void {
    references.delete(reference);
    tell({ kind: 'image', action: 'untag', image: id, name: undefined });
  }

  function forget(id: ImageId): RemoveOutcome {
    images.delete(id);
    tell({ kind: 'image', action: 'delete', image: id, name: undefined });
    return { kind: 'removed' };
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
    for (const reference of own) untag(id, reference);
    return forget(id);
  }

  function removeByName(name: Reference): RemoveOutcome {
    const id = references.get(name);
    if (id === undefined) return { kind: 'absent' };
    // Not for as long as other names remain: a container then does not keep this one.
    if (isSingleReference(referencesOf(id)) && containersOf(id).length > 0) return { kind: 'in-use' };
    untag(id, name);
    const repository = repositoryOfName(name);
    const siblings = referencesOf(id).filter((other) => repositoryOfName(other) === repository);
    // With the last tag of a repository go its digests.
    if (!name.includes('@') && siblings.every((other) => other.includes('@'))) {
      for (const digest of siblings) untag(id, digest);
    }
    return referencesOf(id).length > 0 || hasChildren(id) ? { kind: 'untagged' } : forget(id);
  }

  return {
    put(image, names) {
      images.set(image.id, image);
      for (const name of names) references.set(name, image.id);
    },
    all: () => [...images.values()].map((image) => ({ ...image, ...named(image.id) })),
    has: (id) => images.has(id),
    find(name) {
      const { tags, digests } = canonicalNames([name], []);
      const reference = tags[0] ?? digests[0];
      const id = (reference && references.get(reference)) ?? toImageId(name);
      return id === undefined || !images.has(id) ? undefined : named(id);
    },
    tag(id, name) {
      const image = images.get(id);
      if (image === undefined)
        throw new SidebandError('ENGINE_FAILED', { call: 'tag', reason: 'no such image' });
      references.set(name, id);
      images.set(id, { ...image, arrivedAt: clock.now(), arrivalSource: 'tagged' });
      tell({ kind: 'image', action: 'tag', image: id, name });
    },
    remove: (target) =>
      target.startsWith('sha256:') ? removeById(target as ImageId) : removeByName(target as Reference),
  };
}
