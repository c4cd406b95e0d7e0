import type { Identity } from '@sideband/shared/evidence/model';
import { parseImageId, parseImageReference, referenceIdentity } from '@sideband/shared/image-reference';
import type { ImageId } from '../engine/port.ts';

/** What the text alone says of an image's identity, where the engine cannot be asked or has the image no more. */
export function identitiesOfText(text: string): readonly Identity[] {
  const id = imageIdOf(text);
  if (id !== undefined) return [id as string as Identity];
  const reference = parseImageReference(text);
  return reference.ok ? [referenceIdentity(reference.value)] : [];
}

/** `sha256:…`, with or without its prefix, or undefined where the text is no id. */
export function imageIdOf(text: string): ImageId | undefined {
  const id = parseImageId(/^[a-f0-9]{64}$/.test(text) ? `sha256:${text}` : text);
  return id.ok ? (id.value as string as ImageId) : undefined;
}
