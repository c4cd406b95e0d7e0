import type { Millis } from '@sideband/shared/clock';
import type { UsedImage } from './ledger.ts';
import type { HeardJob, Placement, Resolved, ResolverParts } from './resolver-parts.ts';
import type { TraceHead } from './trace-reader.ts';
import { identitiesOf, usesOf } from './uses.ts';

/**
 * Makes a trace into evidence on every host of the place, or parks it until the manager has one, and remembers it
 * for the next job of the name. Outcomes: `recorded`, `parked`, `unplaced` (neither host nor manager is known),
 * `no-images`.
 */
export async function recordTrace(
  parts: ResolverParts,
  heard: HeardJob,
  head: TraceHead,
  placement: Placement,
  at: Millis,
): Promise<Resolved> {
  const { evidence, ledger, log } = parts;
  const { key, job, receivedAt } = heard;
  const { manager, hosts } = placement;
  const uses = usesOf(head.images, { job: key, jobName: job.name, at, receivedAt });
  if (uses.length === 0) return { outcome: 'no-images', uses: 0, hosts: [...hosts] };

  const pulled = head.images.filter((image) => image.pulled).flatMap(identitiesOf);
  for (const host of hosts) {
    await evidence.recordUses(host, uses);
    if (pulled.length > 0) await evidence.noteRepullable(host, pulled, at);
  }
  if (hosts.length === 0 && manager !== undefined) await evidence.park(manager, uses);
  if (isWhole(head)) await ledger.rememberImages(key, job.name, usedImages(head), at);

  const outcome = hosts.length > 0 ? 'recorded' : manager === undefined ? 'unplaced' : 'parked';
  if (outcome === 'unplaced') log.warn({ job: key }, 'Nothing says where the job ran');
  return { outcome, uses: uses.length, hosts: [...hosts] };
}

/** A job that died while it was prepared says nothing of what the next one needs. */
function isWhole(head: TraceHead): boolean {
  return head.complete && head.images.some((image) => image.role === 'build');
}

function usedImages(head: TraceHead): readonly UsedImage[] {
  return head.images.map((image) => ({ role: image.role, identities: identitiesOf(image) }));
}
