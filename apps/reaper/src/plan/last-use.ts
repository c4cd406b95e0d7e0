import type { Millis } from '@sideband/shared/clock';
import type { Identity, LastUse } from '@sideband/shared/evidence/model';
import { type EngineImage, identitiesOf } from '../engine/port.ts';
import type { Snapshot } from './snapshot.ts';

/** When an image was last used on this host, and how that is known. */
export interface ImageLastUse {
  readonly at: Millis;
  /** The recorded use, or undefined where only the image's arrival is known. */
  readonly use: LastUse | undefined;
}

/** Every identity an image has or had here. */
export function knownIdentities(image: EngineImage, snapshot: Snapshot): readonly Identity[] {
  return [...identitiesOf(image), ...(snapshot.lostDigests.get(image.id) ?? [])];
}

/**
 * The newest use under any identity the image has now, never later than `now`. An image nobody is known to
 * have used ranks by its arrival, so that nothing counts as "never used".
 */
export function lastUseOf(image: EngineImage, snapshot: Snapshot, now: Millis): ImageLastUse {
  let newest: LastUse | undefined;
  for (const identity of knownIdentities(image, snapshot)) {
    const use = snapshot.evidence.lastUses.get(identity);
    if (use !== undefined && (newest === undefined || use.at > newest.at)) newest = use;
  }
  if (newest === undefined) return { at: cut(arrivalOf(image, snapshot), now), use: undefined };
  return { at: cut(newest.at, now), use: newest };
}

export function arrivalOf(image: EngineImage, snapshot: Snapshot): Millis {
  return snapshot.firstSeen.get(image.id) ?? image.arrivedAt;
}

function cut(at: Millis, now: Millis): Millis {
  return Math.min(at, now) as Millis;
}
