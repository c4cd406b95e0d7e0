import { stat, statfs } from 'node:fs/promises';
import { errorText, SidebandError } from '@sideband/shared/errors';
import type { Disk, DiskReading } from './port.ts';

/**
 * Measures the filesystems that `roots` are on, each once, by asking the kernel: nothing is opened, made or
 * touched. A root that cannot be measured is an error and not skipped, since it might be the one that is full.
 */
export function createStatfsDisk(options: { readonly roots: readonly string[] }): Disk {
  return {
    async read() {
      if (options.roots.length === 0) throw unreadable('', 'no directory was named');
      const readings = new Map<string, DiskReading>();
      for (const path of options.roots) {
        const device = await deviceOf(path);
        if (!readings.has(device)) readings.set(device, await measure(path, device));
      }
      return [...readings.values()];
    },
  };
}

async function deviceOf(path: string): Promise<string> {
  try {
    return String((await stat(path, { bigint: true })).dev);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function measure(path: string, device: string): Promise<DiskReading> {
  try {
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path, { bigint: true });
    return {
      path,
      device,
      // What df divides by: used and available. Blocks reserved for root (5 % on a default ext4) are in neither.
      totalBytes: Number((blocks - bfree + bavail) * bsize),
      freeBytes: Number(bavail * bsize),
      totalInodes: Number(files),
      // btrfs makes inodes as it needs them and says it has 0.
      freeInodes: files === 0n ? undefined : Number(ffree),
    };
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): SidebandError {
  return new SidebandError('DISK_UNREADABLE', { path, reason: errorText(cause) });
}
