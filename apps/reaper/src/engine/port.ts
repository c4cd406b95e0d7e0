import type { Brand } from '@sideband/shared/brand';
import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';

/** `sha256:` and 64 hex digits. */
export type ImageId = Brand<string, 'ImageId'>;
/** A layer and everything below it: two images that share a chain share these bytes. */
export type ChainId = Brand<string, 'ChainId'>;
/** A tag reference in canonical form, `docker.io/library/ruby:3.3`. */
export type TagName = Brand<string, 'TagName'>;
/** A digest reference in canonical form, `docker.io/library/ruby@sha256:…`. */
export type DigestName = Brand<string, 'DigestName'>;

interface Layer {
  readonly chain: ChainId;
  readonly bytes: number;
}

export interface EngineImage {
  readonly id: ImageId;
  readonly tags: readonly TagName[];
  readonly digests: readonly DigestName[];
  /** Base first. Their bytes add up to the image's size. */
  readonly layers: readonly Layer[];
  /** Set by the classic builder only: this image must outlive its children. */
  readonly parent: ImageId | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** When the image came to this host, as well as the engine can say; see `arrivalSource`. */
  readonly arrivedAt: Millis;
  readonly arrivalSource: 'tagged' | 'record' | 'created';
}

export interface EngineContainer {
  readonly id: string;
  readonly image: ImageId;
  readonly createdAt: Millis;
  /** `created`, `running`, `exited`, `dead`, `removing`, …: any of them keeps the image. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type NamedImage = Pick<EngineImage, 'id' | 'tags' | 'digests'>;

export interface EngineDescription {
  /** `docker 20.10.24`, `podman 4.3.1`, `in-memory`. */
  readonly name: string;
  readonly apiVersion: string;
  /** Where image layers are, as the engine's host names it: the filesystems to measure. */
  readonly imageRoots: readonly string[];
}

export type RemoveOutcome =
  /** The image is gone and its bytes with it. */
  | { readonly kind: 'removed' }
  /** This name is gone, the image is still there under another. */
  | { readonly kind: 'untagged' }
  /** There was nothing by that name: somebody else removed it. */
  | { readonly kind: 'absent' }
  /** A container (or a child image) needs it; nothing was removed. */
  | { readonly kind: 'in-use' }
  /** By id only: names in several repositories or several tags, so the engine wants them removed one by one. */
  | { readonly kind: 'several-names' }
  /** The engine tried and failed, for instance because the disk is too full to write its own list. Look before trying again. */
  | { readonly kind: 'failed'; readonly message: string };

/** Where in the engine's events one is, as the engine takes it for `since`: seconds and a fraction. */
export type EventPosition = Brand<string, 'EventPosition'>;

export const CONTAINER_ACTIONS = ['create', 'start', 'die', 'destroy'] as const;
export const IMAGE_ACTIONS = ['pull', 'tag', 'untag', 'load', 'import', 'delete'] as const;

export interface ContainerEvent {
  readonly kind: 'container';
  readonly action: (typeof CONTAINER_ACTIONS)[number];
  readonly container: string;
  /** As the container was created: a name, a digest reference or an id, in the words of whoever created it. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: Millis;
  readonly position: EventPosition;
}

export interface ImageEvent {
  readonly kind: 'image';
  readonly action: (typeof IMAGE_ACTIONS)[number];
  /** An id, or a name: Docker gives the reference for `pull`, the id for the others. Empty for Podman's `load`. */
  readonly image: string;
  /** The reference where the engine tells it beside the id. */
  readonly name: string | undefined;
  readonly at: Millis;
  readonly position: EventPosition;
}

/** Something that happened on the engine. Health checks and execs are not asked for. */
export type EngineEvent = ContainerEvent | ImageEvent;

export interface EventStream {
  /** Events from then on, as far as the engine still has them (Docker: 256, and none from before its own start). */
  readonly since: EventPosition | undefined;
  /** Called once, when the engine has begun: nothing is missed from here on. */
  readonly onOpen: () => void;
  /** Must be quick: an engine drops what is not taken off within 100 ms. */
  readonly onEvent: (event: EngineEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * A container engine, in the few verbs the reaper needs. There is no force in here on purpose.
 * Every method throws `ENGINE_UNAVAILABLE` or `ENGINE_FAILED` and nothing else.
 */
export interface Engine {
  describe(): Promise<EngineDescription>;
  images(): Promise<readonly EngineImage[]>;
  /** All containers in any state. */
  containers(): Promise<readonly EngineContainer[]>;
  /** One image's present names, or undefined when it is gone. */
  names(
    image: ImageId,
  ): Promise<{ readonly tags: readonly TagName[]; readonly digests: readonly DigestName[] } | undefined>;
  /** The image that has this name now, in any spelling the engine knows; undefined if none has. */
  find(name: string): Promise<NamedImage | undefined>;
  /** Follows the engine's events. Resolves when the signal is aborted; throws when the stream ends by itself. */
  follow(stream: EventStream): Promise<void>;
  remove(target: ImageId | TagName | DigestName): Promise<RemoveOutcome>;
  /** Puts a name back that a removal took away. A digest cannot be put back by tagging. */
  tag(image: ImageId, name: TagName): Promise<void>;
}

/** Everything under which evidence of this image may have been recorded. */
export function identitiesOf(image: NamedImage): readonly Identity[] {
  return [image.id, ...image.digests, ...image.tags] as unknown as readonly Identity[];
}

/** `sha256:…` from either spelling engines use, or undefined. */
export function toImageId(text: string | null | undefined): ImageId | undefined {
  const id = /^(?:sha256:)?([0-9a-f]{64})$/.exec(text ?? '')?.[1];
  return id === undefined ? undefined : (`sha256:${id}` as ImageId);
}
