import type { EngineImage, ImageId } from '../engine/port.ts';
import type { Guard } from './guards.ts';
import type { ImageLastUse } from './last-use.ts';

export interface Candidate {
  readonly image: EngineImage;
  readonly lastUse: ImageLastUse;
  readonly guard: Guard | undefined;
  /** A job that waits will probably need it. */
  readonly isExpected: boolean;
  /** Bytes that only this image has, before anything goes. */
  readonly ownBytes: number;
}

/**
 * The order in which images would go: by tier (unguarded, then those an emergency opens, then those that
 * never go), those that no waiting job will probably need first, then oldest last use first; among equals those nobody is known to have used, then the larger own size, then
 * the id, so that two runs agree.
 */
export function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates].sort(
    (a, b) =>
      tierOf(a) - tierOf(b) ||
      Number(a.isExpected) - Number(b.isExpected) ||
      a.lastUse.at - b.lastUse.at ||
      Number(a.lastUse.use !== undefined) - Number(b.lastUse.use !== undefined) ||
      b.ownBytes - a.ownBytes ||
      (a.image.id < b.image.id ? -1 : 1),
  );
}

function tierOf(candidate: Candidate): number {
  if (candidate.guard === undefined) return 0;
  return candidate.guard.holds === 'emergency' ? 1 : 2;
}

/** How many images on the host have each image as their parent. */
export function childrenOf(images: readonly EngineImage[]): Map<ImageId, number> {
  const children = new Map<ImageId, number>();
  for (const image of images) {
    if (image.parent !== undefined) children.set(image.parent, (children.get(image.parent) ?? 0) + 1);
  }
  return children;
}
