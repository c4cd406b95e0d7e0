import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { Log } from '@sideband/shared/log';
import { writeAtomically } from '@sideband/shared/write-atomically';
import * as z from 'zod/mini';
import type { EngineImage, ImageId } from '../engine/port.ts';

const file = z.object({
  version: z.literal(1),
  images: z.record(
    z.string(),
    z.object({ firstSeen: z.number(), lostDigests: z.optional(z.array(z.string())) }),
  ),
});
const DOCKERS_FIRST_YEAR = Date.UTC(2013, 0, 1);

type Entries = z.infer<typeof file>['images'];

/** What a host remembers of its images between cycles and restarts: when each was first seen, digests it lost. */
export interface MemoryOfImages {
  /** Notes new images and forgets those that are gone. On the very first call an image counts from its arrival. */
  meet(images: readonly EngineImage[], now: Millis): Promise<void>;
  firstSeen(): ReadonlyMap<ImageId, Millis>;
  lostDigests(): ReadonlyMap<ImageId, readonly Identity[]>;
  rememberDigests(image: ImageId, digests: readonly Identity[]): Promise<void>;
  /** After an eviction: should it come back, it comes anew. */
  forget(image: ImageId): void;
}

/** Kept in the state directory. A file that cannot be read counts as none: every image then ranks by its arrival. */
export async function openMemoryOfImages(stateDirectory: string, log: Log): Promise<MemoryOfImages> {
  const path = join(stateDirectory, 'images.json');
  const stored = await load(path);
  let first = stored === undefined;
  const images = new Map(Object.entries(stored ?? {}));
  const save = async (): Promise<void> => {
    try {
      await writeAtomically(path, JSON.stringify({ version: 1, images: Object.fromEntries(images) }));
    } catch (error) {
      // Often because the disk is full, and that is when a reap matters most: what is in memory still counts.
      log.warn({ path, err: error }, 'What is remembered of the images could not be written');
    }
  };
  return {
    meet: async (present, now) => {
      const ids = new Set<string>(present.map((image) => image.id));
      const gone = [...images.keys()].filter((id) => !ids.has(id));
      const fresh = present.filter((image) => !images.has(image.id));
      for (const id of gone) images.delete(id);
      for (const image of fresh) images.set(image.id, { firstSeen: first ? arrivalOf(image, now) : now });
      // A build date or a clock that was set back may lie ahead, and the grace after a pull would never end.
      for (const [id, entry] of images) {
        if (entry.firstSeen > now) images.set(id, { ...entry, firstSeen: now });
      }
      if (first || gone.length > 0 || fresh.length > 0) await save();
      first = false;
    },
    firstSeen: () => new Map([...images].map(([id, entry]) => [id as ImageId, entry.firstSeen as Millis])),
    lostDigests: () =>
      new Map([...images].map(([id, entry]) => [id as ImageId, (entry.lostDigests ?? []) as Identity[]])),
    rememberDigests: async (image, digests) => {
      const entry = images.get(image);
      if (entry === undefined) return;
      images.set(image, { ...entry, lostDigests: [...new Set([...(entry.lostDigests ?? []), ...digests])] });
      await save();
    },
    forget: (image) => {
      images.delete(image);
    },
  };
}

/** An image made reproducibly says 1970 or the year 1: that is no arrival, and would rank it as never used. */
function arrivalOf({ arrivedAt, arrivalSource }: EngineImage, now: Millis): Millis {
  return arrivalSource === 'created' && arrivedAt < DOCKERS_FIRST_YEAR ? now : arrivedAt;
}

async function load(path: string): Promise<Entries | undefined> {
  try {
    const parsed = z.safeParse(file, JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data.images : undefined;
  } catch {
    return undefined;
  }
}
