import type { Log } from '@sideband/shared/log';
import { locateEngine } from './identity/engine-elsewhere.ts';
import type { Inventory } from './watch/port.ts';

export interface EnginePlace {
  /** False where the disk that is measured is another engine's. Throws what the engine port throws. */
  isHere(): Promise<boolean>;
  /** As of the last time it was asked. */
  isElsewhere(): boolean;
}

/** Whether evictions make room on the disk that is measured: looked up again before each cycle, in files alone. */
export function createEnginePlace(parts: {
  readonly inventory: Pick<Inventory, 'images'>;
  /** As seen from here. */
  readonly roots: readonly string[];
  readonly log: Log;
}): EnginePlace {
  const { inventory, roots, log } = parts;
  let isElsewhere = false;
  return {
    isHere: async () => {
      const images = await inventory.images();
      const place = await locateEngine(
        images.map(({ id }) => id),
        roots,
      );
      isElsewhere = place === 'elsewhere';
      if (isElsewhere) {
        log.error(
          { roots, images: images.length },
          'The engine’s images are not on the disk that is measured here; nothing is evicted',
        );
      }
      return !isElsewhere;
    },
    isElsewhere: () => isElsewhere,
  };
}
