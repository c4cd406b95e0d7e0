import type { MemoryEngine, MemoryImageOptions } from '@sideband/reaper/engine/memory-engine';
import { type Clock, systemClock } from '@sideband/shared/clock';
import { ImageMissing, PullFailed, type RunnerEngine } from './engine.ts';

/** What can be pulled: as the registry offers it, with at least one digest reference. */
export type OfferedImage = Pick<MemoryImageOptions, 'id' | 'layers' | 'digests' | 'labels'>;

export interface MemoryRunnerEngineOptions {
  /** By the reference that a job asks for. */
  readonly offered: ReadonlyMap<string, OfferedImage>;
  /** A pull that would take the engine above this fails for want of space; unlimited unless told. */
  readonly diskBytes?: number;
  /** Gives the time of a pull. */
  readonly clock?: Clock;
}

/** A runner's view of the reaper's in-memory engine: both work on the same images and containers. */
export function memoryRunnerEngine(
  memory: MemoryEngine,
  { offered, diskBytes = Number.POSITIVE_INFINITY, clock = systemClock }: MemoryRunnerEngineOptions,
): RunnerEngine {
  return {
    async find(reference) {
      const image = await memory.find(reference);
      return image === undefined ? undefined : { id: image.id, digest: image.digests[0] };
    },
    async pull(reference) {
      const image = offered.get(reference);
      if (image === undefined) throw new PullFailed(`manifest for ${reference} not found: manifest unknown`);
      const present = new Set(
        (await memory.images()).flatMap(({ layers }) => layers).map(({ chain }) => `${chain}`),
      );
      const missing = image.layers.filter(({ chain }) => !present.has(chain));
      const bytes = missing.reduce((sum, layer) => sum + layer.bytes, 0);
      if (memory.usedBytes() + bytes > diskBytes) {
        throw new PullFailed(`failed to register layer: write /layers: no space left on device`);
      }
      const tags = reference.includes('@') ? [] : [reference];
      memory.addImage({ ...image, tags, arrivedAt: clock.now(), by: 'pull' });
    },
    async create({ imageId, reference = imageId, labels }) {
      const image = await memory.find(reference);
      if (image === undefined) throw new ImageMissing(reference);
      return memory.addContainer({ image: image.id, labels, createdBy: reference });
    },
    start: async (container) => memory.startContainer(container),
    remove: async (container) => memory.removeContainer(container),
  };
}
