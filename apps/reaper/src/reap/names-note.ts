import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSidebandError } from '@sideband/shared/errors';
import type { Identity } from '@sideband/shared/evidence/model';
import { parseJson } from '@sideband/shared/json';
import { writeAtomically } from '@sideband/shared/write-atomically';
import * as z from 'zod/mini';
import type { DigestName, Engine, ImageId, TagName } from '../engine/port.ts';

interface NotedNames {
  readonly image: ImageId;
  readonly tags: readonly TagName[];
  readonly digests: readonly DigestName[];
}

const file = z.object({ image: z.string(), tags: z.array(z.string()), digests: z.array(z.string()) });

/** The names of the image that is losing them right now, on disk, so that a crash can be undone. */
export interface NamesNote {
  /** False where the note could not be written, or an older one still waits: then no name may be taken away. */
  write(names: NotedNames): Promise<boolean>;
  /**
   * Gives the image back the tags it lost, if it is still there and no other image has them by now. A digest cannot
   * be put back: it is remembered. False where the engine refused, as it does on a disk with 0 bytes free.
   */
  restore(engine: Engine): Promise<boolean>;
  clear(): Promise<void>;
}

export function createNamesNote(
  stateDirectory: string,
  rememberDigests: (image: ImageId, digests: readonly Identity[]) => Promise<void>,
): NamesNote {
  const path = join(stateDirectory, 'losing-names.json');
  return {
    write: async (names) => {
      if ((await readNote(path)) !== undefined) return false;
      try {
        await writeAtomically(path, JSON.stringify(names));
        return true;
      } catch {
        return false;
      }
    },
    clear: () => rm(path, { force: true }),
    restore: async (engine) => {
      const noted = await readNote(path);
      if (noted === undefined) return true;
      const present = await engine.names(noted.image);
      if (present === undefined) return true;
      const lost = noted.digests.filter((digest) => !present.digests.includes(digest));
      if (lost.length > 0) await rememberDigests(noted.image, lost as unknown as readonly Identity[]);
      const missing = noted.tags.filter((tag) => !present.tags.includes(tag));
      return missing.length === 0 || (await putBack(engine, noted.image, missing));
    },
  };
}

/** Undoes what a killed reaper, or an engine on a full disk, left half done. False where it has to wait. */
export async function restoreNames(note: NamesNote, engine: Engine): Promise<boolean> {
  if (!(await note.restore(engine))) return false;
  await note.clear();
  return true;
}

async function putBack(engine: Engine, image: ImageId, tags: readonly TagName[]): Promise<boolean> {
  // Tagging would take a name away from an image that was pulled under it meanwhile.
  const taken = new Set((await engine.images()).flatMap((other) => other.tags));
  try {
    for (const tag of tags) if (!taken.has(tag)) await engine.tag(image, tag);
    return true;
  } catch (error) {
    if (isSidebandError(error, 'ENGINE_FAILED')) return false;
    throw error;
  }
}

async function readNote(path: string): Promise<NotedNames | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  const parsed = z.safeParse(file, parseJson(text));
  // Written atomically, so anything else was not written by us and names no image of ours.
  return parsed.success ? (parsed.data as unknown as NotedNames) : undefined;
}
