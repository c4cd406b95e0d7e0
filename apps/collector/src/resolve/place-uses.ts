import type { Millis } from '@sideband/shared/clock';
import type { Source } from '@sideband/shared/evidence/model';
import type { HeardJob, Placement, Resolved, ResolverParts } from './resolver-parts.ts';
import { type FoundImage, usesOf } from './uses.ts';

/**
 * Records what the job used on every host of the place, or parks it until its manager has one. Outcomes: `recorded`,
 * `parked`, `unplaced` (neither host nor manager is known).
 *
 * That an image can be pulled again costs it protection. A maintainer's own runner can write any image's id, and any
 * manager, into its traces: it is believed of the id only where the host itself saw the job, and elsewhere of the names
 * in the repository that was pulled from, which an image has because it came from there.
 */
export async function placeUses(
  { evidence, log }: ResolverParts,
  { key, job, receivedAt }: HeardJob,
  { hosts, manager, seen }: Placement,
  images: readonly FoundImage[],
  { at, source }: { readonly at: Millis; readonly source: Source },
): Promise<Resolved> {
  const about = { job: key, jobName: job.name, at, receivedAt, source };
  const uses = usesOf(images, about);
  const pulled = images.filter((image) => image.pulled);
  const repullable = pulled.flatMap(({ identities, askedFor }) => (seen ? identities : askedFor));
  for (const host of hosts) {
    await evidence.recordUses(host, uses);
    if (repullable.length > 0) await evidence.noteRepullable(host, repullable, at);
  }
  if (hosts.length === 0 && manager !== undefined) {
    // What is parked as pulled is noted under all its names, so these are parked once more without the id.
    const names = pulled.filter(({ askedFor }) => askedFor.length > 0);
    const again = usesOf(
      names.map((image) => ({ ...image, identities: image.askedFor })),
      about,
    );
    await evidence.park(manager, [...uses, ...again.map((use) => ({ ...use, pulled: true }))]);
  }

  const outcome = hosts.length > 0 ? 'recorded' : manager === undefined ? 'unplaced' : 'parked';
  if (outcome === 'unplaced') log.warn({ job: key }, 'Nothing says where the job ran');
  return { outcome, uses: uses.length, hosts: [...hosts] };
}
