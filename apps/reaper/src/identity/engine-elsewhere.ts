import { lstat, opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether the engine's images are on the disk that is seen from here; `unknown` where that cannot be looked up. */
export type EnginePlace = 'here' | 'elsewhere' | 'unknown';

const SAMPLE = 10;
const IMAGE_ID = /^sha256:([0-9a-f]{64})$/;

/**
 * A socket can be forwarded (`ssh -L`, a remote `DOCKER_HOST` made local), and a root can be another engine's: then the
 * disk that is measured is not the one that evictions make room on. So the engine's records of its images are looked
 * for: `elsewhere` if there are such records here and they are other images'.
 *
 * Two engines of a fleet have many images in common, so it does not do that some of the sample are here: one of ten may
 * be missing, removed since they were listed. Podman alone may have some in read-only stores beside its own.
 * An answer of `elsewhere` may be a moment's (every image gone in between): ask again with every list.
 */
export async function locateEngine(
  /** As the engine lists them, now. */
  images: readonly string[],
  /** Where it keeps them, as seen from here. */
  roots: readonly string[],
): Promise<EnginePlace> {
  const records = (await Promise.all(roots.map(recordDirectories))).flat();
  const sample = spread(images.flatMap((image) => IMAGE_ID.exec(image)?.[1] ?? []));
  if (records.length === 0 || sample.length === 0) return 'unknown';
  const present = await Promise.all(sample.map((image) => isRecorded(image, records)));
  const found = present.filter(Boolean).length;
  const mayBeMissing = records.some(({ isPodman }) => isPodman) ? sample.length - 1 : sample.length / SAMPLE;
  return sample.length - found <= mayBeMissing ? 'here' : 'elsewhere';
}

interface Records {
  readonly path: string;
  readonly isPodman: boolean;
}

/** Every directory under a root that holds one entry an image, named by its id, and can be read. */
async function recordDirectories(root: string): Promise<readonly Records[]> {
  const entries = (await list(root)) ?? [];
  const drivers = entries.includes('image') ? ((await list(join(root, 'image'))) ?? []) : [];
  const candidates = [
    // Docker's own stores, one a storage driver that was ever used.
    ...drivers.map((driver) => join(root, 'image', driver, 'imagedb', 'content', 'sha256')),
    // The containerd image store: an image's id is the digest of its index or manifest.
    join(root, 'io.containerd.content.v1.content', 'blobs', 'sha256'),
  ].map((path) => ({ path, isPodman: false }));
  const podman = entries
    .filter((entry) => /^[a-z]+[0-9]*-images$/.test(entry))
    .map((entry) => ({ path: join(root, entry), isPodman: true }));
  const readable = await Promise.all(
    [...candidates, ...podman].map(async (records) => ((await canBeRead(records.path)) ? [records] : [])),
  );
  return readable.flat();
}

async function isRecorded(image: string, records: readonly Records[]): Promise<boolean> {
  const looks = records.map(async ({ path }) => {
    try {
      await lstat(join(path, image));
      return true;
    } catch {
      return false;
    }
  });
  return (await Promise.all(looks)).some(Boolean);
}

/** Ten at most, from all over the list. */
function spread<T>(all: readonly T[]): readonly T[] {
  const count = Math.min(SAMPLE, all.length);
  const places = new Set(
    Array.from({ length: count }, (_, index) => Math.floor((index * all.length) / count)),
  );
  return all.filter((_, index) => places.has(index));
}

/** Opened and not listed: containerd keeps some ten blobs an image there. */
async function canBeRead(path: string): Promise<boolean> {
  try {
    await (await opendir(path)).close();
    return true;
  } catch {
    return false;
  }
}

async function list(path: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(path);
  } catch {
    return undefined;
  }
}
