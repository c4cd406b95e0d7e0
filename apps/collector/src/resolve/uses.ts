import type { Millis } from '@sideband/shared/clock';
import type { Identity, Use } from '@sideband/shared/evidence/model';
import { referenceIdentity } from '@sideband/shared/image-reference';
import type { JobKey } from '@sideband/shared/names';
import type { TraceImage } from './image-tally.ts';

/** A job's use of each image its trace names, under all names that were known of the image then. */
export function usesOf(
  images: readonly TraceImage[],
  about: {
    readonly job: JobKey;
    readonly jobName: string;
    readonly at: Millis;
    readonly receivedAt: Millis;
  },
): readonly Use[] {
  return images.map((image) => ({
    ...about,
    role: image.role,
    identities: identitiesOf(image),
    source: 'trace' as const,
    pulled: image.pulled,
  }));
}

/** The id first: the audit shows that one. */
export function identitiesOf({ id, digest, name }: TraceImage): readonly Identity[] {
  const named = name === undefined ? undefined : referenceIdentity(name);
  const all = [id, digest, named].filter((identity) => identity !== undefined);
  return [...new Set(all)];
}
