import type { DigestName, Engine, ImageId, TagName } from '../engine/port.ts';
import { type NamesNote, restoreNames } from './names-note.ts';

export type EvictOutcome =
  | { readonly kind: 'evicted' }
  /** A container, a lease or a new name came between plan and deletion; the image has all its names. */
  | { readonly kind: 'in-use' }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Removes one image with all its names, never by force. Throws what the engine port throws.
 *
 * An image in one repository with at most one tag goes by id, which the engine refuses atomically when a
 * container has it. Any other loses its names one by one, and the engine says "in use" only at the last of
 * them (measured on 20.10): so the names are written down first and put back.
 */
export async function evictImage(engine: Engine, image: ImageId, note: NamesNote): Promise<EvictOutcome> {
  const names = await engine.names(image);
  if (names === undefined) return { kind: 'evicted' };
  if (isOneName(names)) {
    const outcome = await removeById(engine, image);
    if (outcome !== 'several-names') return outcome;
  }
  return await removeNameByName(engine, image, note);
}

async function removeById(engine: Engine, image: ImageId): Promise<EvictOutcome | 'several-names'> {
  let left = Number.POSITIVE_INFINITY;
  for (;;) {
    const outcome = await engine.remove(image);
    if (outcome.kind !== 'failed') return settle(outcome.kind);
    // On a disk with 0 bytes free the engine cannot write its own list: each deletion fails and takes a name away all
    // the same, and the one after the last name succeeds (measured on 20.10: the third, after a pull by tag). A
    // timed-out one may have been carried out. So look, and go on while it gets less; where nothing does, twice.
    const names = await engine.names(image);
    if (names === undefined) return { kind: 'evicted' };
    const count = names.tags.length + names.digests.length;
    if (count >= left) return outcome;
    left = count;
  }
}

function settle(
  kind: 'removed' | 'untagged' | 'absent' | 'in-use' | 'several-names',
): EvictOutcome | 'several-names' {
  switch (kind) {
    case 'removed':
    case 'absent':
      return { kind: 'evicted' };
    case 'in-use':
      return { kind: 'in-use' };
    case 'untagged':
    case 'several-names':
      return 'several-names';
  }
}

async function removeNameByName(engine: Engine, image: ImageId, note: NamesNote): Promise<EvictOutcome> {
  const names = await engine.names(image);
  if (names === undefined) return { kind: 'evicted' };
  // The state directory may be on the very disk that is full: without a note the names stay on the image.
  if (!(await note.write({ image, tags: names.tags, digests: names.digests }))) {
    return { kind: 'failed', message: 'its names could not be written down first' };
  }
  const outcome = await removeAll(engine, image, [...names.tags, ...names.digests]);
  if (outcome.kind === 'evicted') await note.clear();
  else await restoreNames(note, engine);
  return outcome;
}

async function removeAll(
  engine: Engine,
  image: ImageId,
  names: readonly (TagName | DigestName)[],
): Promise<EvictOutcome> {
  let failure = 'the image was given a new name meanwhile';
  for (const name of names) {
    const present = await engine.names(image);
    if (present === undefined) return { kind: 'evicted' };
    // A pull may have moved the name: what has it now is another image, and nobody decided on that one. Between
    // this look and the deletion is one round trip, which no engine's API can close.
    if (![...present.tags, ...present.digests].includes(name)) continue;
    const outcome = await engine.remove(name);
    if (outcome.kind === 'in-use') return { kind: 'in-use' };
    // The name may be gone although the engine failed; what is left is removed by id below.
    if (outcome.kind === 'failed') {
      failure = outcome.message;
      break;
    }
  }
  const last = await removeById(engine, image);
  return last === 'several-names' ? { kind: 'failed', message: failure } : last;
}

function isOneName(names: {
  readonly tags: readonly TagName[];
  readonly digests: readonly DigestName[];
}): boolean {
  const repositories = new Set([
    ...names.tags.map((tag) => tag.slice(0, tag.lastIndexOf(':'))),
    ...names.digests.map((digest) => digest.slice(0, digest.indexOf('@'))),
  ]);
  return names.tags.length <= 1 && repositories.size <= 1;
}
