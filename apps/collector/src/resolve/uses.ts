import type { Identity, Use } from '@sideband/shared/evidence/model';
import { referenceIdentity, repositoryOf } from '@sideband/shared/image-reference';
import type { TraceImage } from './image-tally.ts';
import type { UsedImage } from './ledger.ts';
import type { TraceHead } from './trace-reader.ts';

/** An image as a job's use of it is recorded. */
export interface FoundImage extends UsedImage {
  readonly pulled: boolean;
  /** Those of the identities that are names in the repository that was asked for. */
  readonly askedFor: readonly Identity[];
}

/** A job's use of each image, under all names that are known of the image. Nothing is said of where they came from. */
export function usesOf(
  images: readonly FoundImage[],
  about: Pick<Use, 'job' | 'jobName' | 'at' | 'receivedAt' | 'source'>,
): readonly Use[] {
  return images.map(({ role, identities }) => ({ ...about, role, identities }));
}

/** What the trace says of images on an engine that a reaper can be beside. One without any name is left out. */
export function imagesIn(head: TraceHead): readonly FoundImage[] {
  if (runsElsewhere(head)) return [];
  return head.images
    .map((image) => ({
      ...{ role: image.role, pulled: image.pulled },
      ...{ identities: identitiesOf(image), askedFor: namesAskedFor(image) },
    }))
    .filter(({ identities }) => identities.length > 0);
}

/** Run by another executor than Docker's kinds: `docker`, `docker+machine`, `docker-autoscaler`, `docker-windows`. */
export function runsElsewhere(head: TraceHead): boolean {
  return runsInCluster(head) || (head.executor !== undefined && !head.executor.startsWith('docker'));
}

/** No image of an engine here can follow, whatever the runner still prints. */
export function saysAll(head: TraceHead): boolean {
  return head.complete || runsElsewhere(head);
}

/** The word for the executor may be masked, but only a pod's images have no id. */
export function runsInCluster({ executor, images }: TraceHead): boolean {
  return executor === 'kubernetes' || images.some(({ id }) => id === undefined);
}

function namesAskedFor({ digest, name }: TraceImage): readonly Identity[] {
  if (name === undefined) return [];
  const isOfName = digest?.startsWith(`${repositoryOf(name)}@`) === true;
  return isOfName ? [digest, referenceIdentity(name)] : [referenceIdentity(name)];
}

/** The id first: the audit shows that one. */
function identitiesOf({ id, digest, name }: TraceImage): readonly Identity[] {
  const named = name === undefined ? undefined : referenceIdentity(name);
  const all = [id, digest, named].filter((identity) => identity !== undefined);
  return [...new Set(all)];
}
