import { parseImageReference, referenceIdentity } from '@sideband/shared/image-reference';
import type { DigestName, TagName } from './port.ts';

export interface CanonicalNames {
  readonly tags: readonly TagName[];
  readonly digests: readonly DigestName[];
  /** Names that are none by the grammar; they are among the tags all the same, see below. */
  readonly unreadable: readonly string[];
}

// What engines list for "no name": null, nothing, or these (API 1.41 and older).
const NO_NAME: ReadonlySet<string> = new Set(['<none>:<none>', '<none>@<none>']);
const SAFE_IN_A_PATH = /^\w[\w./:@-]{0,511}$/;
// A server shortens `..`, `.` and `//`, or sends elsewhere.
const CLIMBS = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * An engine's names (`ruby:3.3`) in canonical form (`docker.io/library/ruby:3.3`), sorted.
 *
 * A name that cannot be read stays in the list as the engine wrote it: no evidence will be found under it, but an
 * image with a name must never look like one without. Where it could do harm in a path, it stands there in hex.
 */
export function canonicalNames(
  engineTags: readonly string[] | null | undefined,
  engineDigests: readonly string[] | null | undefined,
): CanonicalNames {
  const tags = new Set<TagName>();
  const digests = new Set<DigestName>();
  const unreadable: string[] = [];
  for (const name of [...(engineTags ?? []), ...(engineDigests ?? [])]) {
    if (NO_NAME.has(name)) continue;
    const reference = parseImageReference(name);
    if (!reference.ok) {
      unreadable.push(name);
      tags.add(harmless(name) as TagName);
    } else if (reference.value.digest === undefined) {
      tags.add(referenceIdentity(reference.value) as unknown as TagName);
    } else {
      digests.add(referenceIdentity(reference.value) as unknown as DigestName);
    }
  }
  return { tags: [...tags].sort(), digests: [...digests].sort(), unreadable };
}

/** Whether it can stand in a path of the engine's API without leading elsewhere. */
export function isSafeInPath(name: string): boolean {
  return SAFE_IN_A_PATH.test(name) && !CLIMBS.test(name);
}

function harmless(name: string): string {
  if (isSafeInPath(name)) return name;
  return `unreadable-${Buffer.from(name).toString('hex').slice(0, 128)}`;
}
