import type { Identity } from '@sideband/shared/evidence/model';
import { parseImageReference, referenceIdentity } from '@sideband/shared/image-reference';
import { toImageId } from '../engine/port.ts';

/** What the text alone says of an image's identity, where the engine cannot be asked or has the image no more. */
export function identitiesOfText(text: string): readonly Identity[] {
  const id = toImageId(text);
  if (id !== undefined) return [id as string as Identity];
  const reference = parseImageReference(text);
  return reference.ok ? [referenceIdentity(reference.value)] : [];
}
