import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '@sideband/shared/evidence/model';
import * as z from 'zod/mini';
import type { DigestName, Engine, ImageId, TagName } from '../engine/port.ts';
import { writeAtomically } from './write-atomically.ts';

interface NotedNames {
  readonly image: ImageId;
  readonly tags: readonly TagName[];
  readonly digests: readonly DigestName[];
}

const file = z.object({ image: z.string(), tags: z.array(z.string()), digests: z.array(z.string()) });

/** The names of the image that is losing them right now, on disk, so that a crash can be undone. */
export interface NamesNote {
  /** False where the note could not be written: then no name may be taken away. */
  write(names: NotedNames): Promise<boolean>;
  /** Gives the image back the tags it lost, if it is still there. A digest cannot be put back: it is remembered. */
  restore(engine: Engine): Promise<void>;
  clear(): Promise<void>;
}

export function createNamesNote(
  stateDirectory: string,
  rememberDigests: (image: ImageId, digests: readonly Identity[]) => Promise<void>,
): NamesNote {
  const path = join(stateDirectory, 'losing-names.json');
  return {
    write: async (names) => {
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
      if (noted === undefined) return;
      const present = await engine.names(noted.image);
      if (present === undefined) return;
      for (const tag of noted.tags) {
        if (!present.tags.includes(tag)) await engine.tag(noted.image, tag);
      }
      const lost = noted.digests.filter((digest) => !present.digests.includes(digest));
      if (lost.length > 0) await rememberDigests(noted.image, lost as unknown as readonly Identity[]);
    },
  };
}

/** Undoes what a killed reaper left half done. To be called before the first cycle. */
export async function restoreNames(note: NamesNote, engine: Engine): Promise<void> {
  await note.restore(engine);
  await note.clear();
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
