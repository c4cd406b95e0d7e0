import type { MemoryEngine } from '../engine/memory-engine.ts';
import type { Disk } from './port.ts';

export interface MemoryDiskOptions {
  readonly capacityBytes: number;
  /** What fills the disk beside images. */
  readonly otherBytes?: () => number;
}

const INODES = 1_000_000;

/** A disk that holds a memory engine's layers: each layer once, and gone as soon as its last image is. */
export function createMemoryDisk(engine: MemoryEngine, options: MemoryDiskOptions): Disk {
  return {
    async read() {
      const used = engine.usedBytes() + (options.otherBytes?.() ?? 0);
      return [
        {
          path: '/in-memory',
          device: 'in-memory',
          totalBytes: options.capacityBytes,
          freeBytes: Math.max(0, options.capacityBytes - used),
          totalInodes: INODES,
          freeInodes: INODES,
        },
      ];
    },
  };
}
