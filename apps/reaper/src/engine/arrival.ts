import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Millis } from '@sideband/shared/clock';
import type { EngineInfo } from './answers.ts';
import { usesContainerdStore } from './image-roots.ts';
import type { EngineImage, ImageId } from './port.ts';

export type Arrival = Pick<EngineImage, 'arrivedAt' | 'arrivalSource'>;

/** When the engine wrote down an image, by the time of that file; undefined where it cannot be seen. */
export type RecordTimes = (image: ImageId) => Promise<Millis | undefined>;

/** `rootView`: the engine's data root as the reaper sees it. Docker's classic stores, and Podman's (4.3.1). */
export function recordTimes(info: EngineInfo, rootView: string | undefined): RecordTimes {
  const driver = info.Driver ?? '';
  if (usesContainerdStore(info) || !/^[\w-]+$/.test(driver)) return async () => undefined;
  const root = rootView ?? info.DockerRootDir;
  // Docker keeps a file for each image, Podman a directory that tagging leaves alone.
  const records = [
    join(root, 'image', driver, 'imagedb', 'content', 'sha256'),
    join(root, `${driver}-images`),
  ];
  return async (image) => {
    for (const record of records) {
      const time = await timeOf(join(record, image.slice('sha256:'.length)));
      if (time !== undefined) return time;
    }
    return undefined;
  };
}

async function timeOf(path: string): Promise<Millis | undefined> {
  try {
    const { mtimeMs } = await lstat(path);
    return Math.floor(mtimeMs) as Millis;
  } catch {
    return undefined;
  }
}

/**
 * When an image came to this host: its last tag time, else the time of its record, else when it was built.
 * An image that was pulled and never tagged here has the tag time "year 1" (measured on 20.10).
 */
export function arrivalOf(
  lastTagTime: string | undefined,
  record: Millis | undefined,
  createdSeconds: number,
): Arrival {
  const tagged = Date.parse(lastTagTime ?? '');
  if (tagged > 0) return { arrivedAt: tagged as Millis, arrivalSource: 'tagged' };
  if (record !== undefined) return { arrivedAt: record, arrivalSource: 'record' };
  return { arrivedAt: (Math.max(0, createdSeconds) * 1000) as Millis, arrivalSource: 'created' };
}
