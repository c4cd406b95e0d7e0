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
  if (newest === undefined) return { at: arrivalOf(image, snapshot, now), use: undefined };
  return { at: cut(newest.at, now), use: newest };
}

/**
 * When the image came: as first seen, or later where it went and came again unseen. Never after `now`: a build date
 * or a clock that was set back may lie ahead, and the grace after a pull would not end.
 */
export function arrivalOf(image: EngineImage, snapshot: Snapshot, now: Millis): Millis {
  const seen = snapshot.firstSeen.get(image.id);
  if (seen === undefined || image.arrivalSource !== 'created')
    return cut(Math.max(seen ?? 0, image.arrivedAt), now);
  return cut(seen, now);
}

function cut(at: number, now: Millis): Millis {
  return Math.min(at, now) as Millis;
}
