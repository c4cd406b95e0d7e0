import type { Millis } from '@sideband/shared/clock';
import type { EngineImage } from '../engine/port.ts';
import { type Claims, claimOn } from './claims.ts';
import { arrivalOf, type ImageLastUse, knownIdentities } from './last-use.ts';
import { originOf } from './origin.ts';
import type { Policy } from './policy.ts';
import type { KeepReason } from './reasons.ts';
import type { Snapshot } from './snapshot.ts';

/** `never`: whatever happens. `emergency`: only while the disk is below the emergency mark. */
export interface Guard {
  readonly reason: KeepReason;
  readonly holds: 'never' | 'emergency';
}

/** The label on Sideband's own images. */
export const OWN_IMAGE_LABEL = 'io.sideband.image';

// The runner's default helper is registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper; mirrors keep the last part.
const HELPER_IMAGE = /\/gitlab-runner-helper[:@]/;

/** The strongest guard that holds an image, or undefined where nothing does. */
export function guardOf(
  image: EngineImage,
  lastUse: ImageLastUse,
  claims: Claims,
  snapshot: Snapshot,
  policy: Policy,
  now: Millis,
): Guard | undefined {
  const blocked = snapshot.blocked.get(image.id);
  const claim = claimOn(knownIdentities(image, snapshot), claims);
  if (claims.inUse.has(image.id) || blocked === 'in-use') return { reason: 'in-use', holds: 'never' };
  if (claim === 'leased') return { reason: claim, holds: 'never' };
  if (blocked !== undefined) return { reason: blocked, holds: 'never' };
  if (now - arrivalOf(image, snapshot, now) < policy.grace.afterPull)
    return { reason: 'grace-after-pull', holds: 'never' };
  // Anybody may set a label, so it holds no longer than an emergency; the reaper's own container keeps its image.
  if (OWN_IMAGE_LABEL in image.labels) return { reason: 'own-image', holds: 'emergency' };
  if (claim !== undefined) return { reason: claim, holds: 'emergency' };
  if (lastUse.use !== undefined && now - lastUse.at < policy.grace.afterUse) {
    return { reason: 'grace-after-use', holds: 'emergency' };
  }
  if (
    image.tags.some((tag) => HELPER_IMAGE.test(tag)) ||
    image.digests.some((digest) => HELPER_IMAGE.test(digest))
  ) {
    return { reason: 'helper-image', holds: 'emergency' };
  }
  const origin = originOf(image, snapshot);
  if (origin === 'repullable' || now - lastUse.at >= policy.localMaxUnused) return undefined;
  return { reason: origin, holds: 'emergency' };
}
