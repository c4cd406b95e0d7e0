import type { Identity, Use } from '@sideband/shared/evidence/model';
import { referenceIdentity } from '@sideband/shared/image-reference';
import type { TraceImage } from './image-tally.ts';
import type { UsedImage } from './ledger.ts';
import type { TraceHead } from './trace-reader.ts';

/** An image as a job's use of it is recorded. */
export interface FoundImage extends UsedImage {
  readonly pulled: boolean;
}

/** A job's use of each image, under all names that are known of the image. */
export function usesOf(
  images: readonly FoundImage[],
  about: Pick<Use, 'job' | 'jobName' | 'at' | 'receivedAt' | 'source'>,
): readonly Use[] {
  return images.map(({ role, identities, pulled }) => ({ ...about, role, identities, pulled }));
}

/** What the trace says of images on an engine that a reaper can be beside. One without any name is left out. */
export function imagesIn(head: TraceHead): readonly FoundImage[] {
  if (runsElsewhere(head)) return [];
  return head.images
    .map((image) => ({ role: image.role, identities: identitiesOf(image), pulled: image.pulled }))
    .filter(({ identities }) => identities.length > 0);
}

/** Run by another executor than Docker's kinds: `docker`, `docker+machine`, `docker-autoscaler`, `docker-windows`. */
export function runsElsewhere(head: TraceHead): boolean {
  return runsInCluster(head) || (head.executor !== undefined && !head.executor.startsWith('docker'));
}

/** The word for the executor may be masked, but only a pod's images have no id. */
export function runsInCluster({ executor, images }: TraceHead): boolean {
  return executor === 'kubernetes' || images.some(({ id }) => id === undefined);
}

/** The id first: the audit shows that one. */
function identitiesOf({ id, digest, name }: TraceImage): readonly Identity[] {
  const named = name === undefined ? undefined : referenceIdentity(name);
  const all = [id, digest, named].filter((identity) => identity !== undefined);
  return [...new Set(all)];
}
