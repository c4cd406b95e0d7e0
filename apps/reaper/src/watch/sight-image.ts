import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import { parseImageReference, repositoryOf } from '@sideband/shared/image-reference';
import { type ImageEvent, identitiesOf, type NamedImage, toImageId } from '../engine/port.ts';
import { NOTHING_SEEN, type Sightings } from '../evidence/sightings.ts';
import type { Found } from './image-names.ts';

export interface SeenImage {
  /** As the engine has it now. */
  readonly found: Found;
  /** It is known that the image was not on this host before. */
  readonly isNew: boolean;
  /** Whether this engine tells of a pull only when it has succeeded. */
  readonly tellsOnlyGoodPulls: boolean;
  /** By the fleet's clock. */
  readonly at: Millis;
  readonly receivedAt: Millis;
}

/**
 * What an act on an image says: that somebody wants it, and where it comes from. A tag given to an image that was not
 * here before says that it was built: a pull and a load tell of themselves, and bring no event for their tags
 * (measured on 20.10; an import brings one before its own, which comes to the same).
 */
export function sightImage(event: ImageEvent, seen: SeenImage): Sightings {
  const { action, position } = event;
  const { found, at, receivedAt } = seen;
  // Podman tells of a deletion also where it only took a name away, or refused: what counts is that it has gone.
  const gone = action === 'delete' && found === 'gone' ? toImageId(event.image) : undefined;
  if (gone !== undefined) return { ...NOTHING_SEEN, deleted: [gone], position };
  if (action === 'delete' || action === 'untag' || typeof found === 'string') {
    return { ...NOTHING_SEEN, position };
  }
  const identities = identitiesOf(found);
  const use = {
    job: undefined,
    jobName: '',
    role: 'image',
    identities,
    at,
    receivedAt,
    source: 'watch',
  } as const;
  // What came while it was pulled was pulled, also where a failed pull would have been told of as well.
  const isPulled =
    action === 'pull' && (seen.tellsOnlyGoodPulls || seen.isNew) && isFromThere(event.image, found);
  const isBuiltHere = action === 'load' || action === 'import' || (action === 'tag' && seen.isNew);
  return {
    ...NOTHING_SEEN,
    uses: [isPulled ? { ...use, pulled: true } : use],
    pulled: isPulled ? ([found.id, ...found.digests] as readonly string[] as readonly Identity[]) : [],
    builtHere: isBuiltHere ? [found.id as string as Identity] : [],
    position,
  };
}

/**
 * The name may be another image's by now, as after `docker pull X` and `docker build -t X .` in a gap. What was pulled
 * has a digest of the repository it came from; on Docker's own image store what was built here has none.
 */
function isFromThere(name: string, { digests }: NamedImage): boolean {
  const reference = parseImageReference(name);
  if (!reference.ok) return false;
  const repository = repositoryOf(reference.value);
  return digests.some((digest) => digest.startsWith(`${repository}@`));
}
