import type { Clock, Millis } from '@sideband/shared/clock';
import type {
  Engine,
  EngineContainer,
  EngineEvent,
  EngineImage,
  ImageId,
  NamedImage,
} from '../engine/port.ts';
import type { Inventory } from './port.ts';
import { createReading } from './reading.ts';

/** A build that tells of nothing is noticed after this at the latest. */
const IMAGES_AGE_MS = 10 * 60_000;
/** Watch lists the containers every ten minutes: a cycle that comes just before must not ask as well. */
const CONTAINERS_AGE_MS = 11 * 60_000;

/** The inventory, and what watch tells it. All times in it are the fleet's. */
export interface WatchedInventory extends Inventory {
  /** The engine's events are told of from here on, so that what is read from now on may be kept. */
  opened(): void;
  closed(): void;
  happened(event: Pick<EngineEvent, 'kind'>): void;
  /** Asks the engine, unless that is just being done. */
  relist(): Promise<readonly EngineContainer[]>;
  /** An image with its present names, if nothing happened to images since they were listed. */
  listed(id: ImageId): NamedImage | undefined;
}

/**
 * Lists are kept only while events are followed: containers until something happens to one, images until something
 * happens to one. Docker before 23 tells of no image that BuildKit makes, so whatever happened, images are read again
 * after ten minutes; containers are so in any case.
 */
export function createInventory(parts: {
  readonly engine: Pick<Engine, 'images' | 'containers'>;
  readonly clock: Clock;
  /** The engine's clock → the fleet's. */
  readonly correct: (at: Millis) => Millis;
  /** Called with each list of images that is read while events are followed. */
  readonly onImages: (images: readonly EngineImage[]) => void;
}): WatchedInventory {
  const { engine, clock, correct, onImages } = parts;
  const containers = createReading(() => engine.containers(), clock);
  let isOpen = false;
  let happenings = 0;
  /** How much had happened when the images were asked for that are kept. */
  let happenedBefore = 0;
  let byId: ReadonlyMap<ImageId, EngineImage> = new Map();
  const images = createReading(() => {
    happenedBefore = happenings;
    return engine.images();
  }, clock);

  function drop(): void {
    containers.drop();
    images.drop();
    byId = new Map();
  }

  async function readImages(): Promise<readonly EngineImage[]> {
    const read = await images.read();
    if (isOpen && images.kept() === read) {
      byId = new Map(read.map((image) => [image.id, image]));
      onImages(read);
    }
    return read;
  }

  async function readContainers(): Promise<readonly EngineContainer[]> {
    return corrected(await containers.read());
  }

  function corrected(found: readonly EngineContainer[]): readonly EngineContainer[] {
    return found.map((container) => ({ ...container, createdAt: correct(container.createdAt) }));
  }

  return {
    images: async () => {
      const kept = isOpen ? images.kept() : undefined;
      const isOld = images.ageMs() > IMAGES_AGE_MS && happenings !== happenedBefore;
      const found = kept !== undefined && !isOld ? kept : await readImages();
      return found.map((image) =>
        image.arrivalSource === 'created' ? image : { ...image, arrivedAt: correct(image.arrivedAt) },
      );
    },
    containers: async () => {
      const kept = isOpen ? containers.kept() : undefined;
      const isOld = containers.ageMs() > CONTAINERS_AGE_MS;
      return kept === undefined || isOld ? await readContainers() : corrected(kept);
    },
    relist: readContainers,
    refresh: drop,
    opened: () => {
      isOpen = true;
      drop();
    },
    closed: () => {
      isOpen = false;
      drop();
    },
    happened: ({ kind }) => {
      happenings += 1;
      if (kind === 'container') return containers.drop();
      images.drop();
      byId = new Map();
    },
    listed: (id) => byId.get(id),
  };
}
