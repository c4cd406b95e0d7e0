import type { Identity } from '@sideband/shared/evidence/model';
import type { EngineImage } from '../engine/port.ts';
import type { KeepReason } from './reasons.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Whether an image can be had again. Its id and its digests tell, those it lost among them, and no tag: after a
 * `docker build -t ruby:3.3` that name is of another image than the one that was pulled under it.
 */
export function originOf(
  image: EngineImage,
  { evidence, lostDigests }: Pick<Snapshot, 'evidence' | 'lostDigests'>,
): Extract<KeepReason, 'built-here' | 'origin-unknown'> | 'repullable' {
  const fixed = [image.id, ...image.digests, ...(lostDigests.get(image.id) ?? [])] as readonly string[];
  const isIn = (origins: ReadonlySet<Identity>) =>
    fixed.some((identity) => origins.has(identity as Identity));
  if (isIn(evidence.repullable)) return 'repullable';
  return isIn(evidence.builtHere) ? 'built-here' : 'origin-unknown';
}
