import { createHash } from 'node:crypto';
import { type Clock, type Millis, systemClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { canonicalNames } from './canonical-names.ts';
import { createMemoryEvents } from './memory-events.ts';
import { createMemoryImages } from './memory-images.ts';
import type { ChainId, ContainerEvent, Engine, EngineContainer, ImageId, RemoveOutcome } from './port.ts';

export interface MemoryEngineOptions {
  /** Gives the time of tagging, of a container's creation and of events. */
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
  /** How it comes; loaded unless told. Events tell of it: a pull by its first name, as it is spelled here. */
  readonly by?: 'pull' | 'load' | 'build';
}

interface MemoryContainerOptions {
  readonly image: ImageId;
  readonly labels?: Readonly<Record<string, string>>;
  /** One that is not `created` has been started, and one that is not `running` either has ended. */
  readonly state?: string;
  /** What it is created from, as events tell it; the image's id unless told. */
  readonly createdBy?: string;
}

/** An engine that is only a memory, with the refusals of Docker's own image store; and the other side of it. */
export interface MemoryEngine extends Engine {
  /** A name another image has moves to this one, as it does when an engine pulls or builds. */
  addImage(image: MemoryImageOptions): ImageId;
  addContainer(container: MemoryContainerOptions): string;
  startContainer(id: string): void;
  /** It ends by itself. */
  endContainer(id: string): void;
  removeContainer(id: string): void;
  /** Bytes of all layers, each counted once. */
  usedBytes(): number;
  /** Until `start`, every method of the port throws `ENGINE_UNAVAILABLE`. What it had to tell is forgotten. */
  stop(): void;
  start(): void;
}

interface StoredContainer extends EngineContainer {
  readonly createdBy: string;
}

export function createMemoryEngine(options: MemoryEngineOptions = {}): MemoryEngine {
  const clock = options.clock ?? systemClock;
  const { tell, follow, end } = createMemoryEvents(clock);
  const containers = new Map<string, StoredContainer>();
  const containersOf = (id: ImageId) => [...containers.values()].filter(({ image }) => image === id);
  const images = createMemoryImages({ clock, tell, containersOf });
  let made = 0;
  let isStopped = false;

  function serial(): string {
    made += 1;
    return createHash('sha256').update(String(made)).digest('hex');
  }

  function requireStarted(): void {
    if (isStopped) throw new SidebandError('ENGINE_UNAVAILABLE', { engine: 'in-memory' });
  }

  function tellArrival(id: ImageId, { by = 'load', tags = [], digests = [] }: MemoryImageOptions): void {
    const names = [...tags, ...digests];
    if (by === 'load') tell({ kind: 'image', action: 'load', image: id, name: undefined });
    if (by === 'pull') tell({ kind: 'image', action: 'pull', image: names[0] ?? id, name: undefined });
    if (by !== 'build') return;
    for (const name of names) tell({ kind: 'image', action: 'tag', image: id, name });
  }

  function requireContainer(id: string): StoredContainer {
    const container = containers.get(id);
    if (container === undefined) throw new Error(`No such container: ${id}`);
    return container;
  }

  function advance(container: StoredContainer, action: ContainerEvent['action'], state: string): void {
    const { id, createdBy, labels } = container;
    if (action === 'destroy') containers.delete(id);
    else containers.set(id, { ...container, state });
    tell({ kind: 'container', action, container: id, image: createdBy, labels });
  }

  return {
    async describe() {
      requireStarted();
      return { name: 'in-memory', apiVersion: '0', imageRoots: ['/in-memory'] };
    },
    async images() {
      requireStarted();
      return images.all();
    },
    async containers() {
      requireStarted();
      return [...containers.values()].map(({ createdBy: _, ...container }) => container);
    },
    async names(image) {
      requireStarted();
      const found = images.find(image);
      return found === undefined ? undefined : { tags: found.tags, digests: found.digests };
    },
    async find(name) {
      requireStarted();
      return images.find(name);
    },
    async follow(stream) {
      if (!stream.signal.aborted) requireStarted();
      await follow(stream);
    },
    async remove(target) {
      requireStarted();
      return (await options.beforeRemove?.(target)) ?? images.remove(target);
    },
    async tag(id, name) {
      requireStarted();
      images.tag(id, name);
    },
    addImage(image) {
      const id = image.id ?? (`sha256:${serial()}` as ImageId);
      const { tags, digests } = canonicalNames(image.tags, image.digests);
      const stored = {
        id,
        layers: image.layers.map(({ chain, bytes }) => ({ chain: chain as ChainId, bytes })),
        parent: image.parent,
        labels: image.labels ?? {},
        arrivedAt: image.arrivedAt as Millis,
        arrivalSource: 'record' as const,
      };
      images.put(stored, [...tags, ...digests]);
      tellArrival(id, image);
      return id;
    },
    addContainer({ image, labels = {}, state = 'created', createdBy = image }) {
      if (!images.has(image)) throw new Error(`No such image: ${image}`);
      const container = { id: serial(), image, createdAt: clock.now(), state, labels, createdBy };
      advance(container, 'create', 'created');
      if (state !== 'created') advance(container, 'start', 'running');
      if (state !== 'created' && state !== 'running') advance(container, 'die', state);
      return container.id;
    },
    startContainer: (id) => advance(requireContainer(id), 'start', 'running'),
    endContainer: (id) => advance(requireContainer(id), 'die', 'exited'),
    removeContainer(id) {
      const container = containers.get(id);
      if (container === undefined) return;
      if (container.state === 'running') advance(container, 'die', 'exited');
      advance(container, 'destroy', 'removing');
    },
    usedBytes() {
      const layers = images.all().flatMap((image) => image.layers);
      const bytes = new Map(layers.map((layer) => [layer.chain, layer.bytes]));
      return [...bytes.values()].reduce((sum, each) => sum + each, 0);
    },
    stop() {
      isStopped = true;
      end();
    },
    start() {
      isStopped = false;
    },
  };
}
