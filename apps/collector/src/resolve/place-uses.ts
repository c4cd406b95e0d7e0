import type { Millis } from '@sideband/shared/clock';
import type { Source } from '@sideband/shared/evidence/model';
import type { HeardJob, Placement, Resolved, ResolverParts } from './resolver-parts.ts';
import { type FoundImage, usesOf } from './uses.ts';

/**
 * Records what the job used on every host of the place, or parks it until its manager has one. Outcomes: `recorded`,
 * `parked`, `unplaced` (neither host nor manager is known).
 */
export async function placeUses(
  { evidence, log }: ResolverParts,
  { key, job, receivedAt }: HeardJob,
  { hosts, manager }: Placement,
  images: readonly FoundImage[],
  { at, source }: { readonly at: Millis; readonly source: Source },
): Promise<Resolved> {
  const uses = usesOf(images, { job: key, jobName: job.name, at, receivedAt, source });
  const pulled = images.filter((image) => image.pulled).flatMap((image) => image.identities);
  for (const host of hosts) {
    await evidence.recordUses(host, uses);
    if (pulled.length > 0) await evidence.noteRepullable(host, pulled, at);
  }
  if (hosts.length === 0 && manager !== undefined) await evidence.park(manager, uses);

  const outcome = hosts.length > 0 ? 'recorded' : manager === undefined ? 'unplaced' : 'parked';
  if (outcome === 'unplaced') log.warn({ job: key }, 'Nothing says where the job ran');
  return { outcome, uses: uses.length, hosts: [...hosts] };
}
