import type { Millis } from '@sideband/shared/clock';
import type { Identity, LeaseStrength } from '@sideband/shared/evidence/model';
import { readTrace } from './read-trace.ts';
import { recordTrace } from './record-trace.ts';
import {
  findPlace,
  type HeardJob,
  nothingDone,
  type Placement,
  type Resolved,
  type ResolverParts,
  startOf,
} from './resolver-parts.ts';
import { identitiesOf } from './uses.ts';

/** How long a lease holds at most. The job's own time-out may be less, but GitLab's API does not tell it. */
export const LEASE_MS = 3_600_000;
/**
 * A runner prepares a job within seconds or, with a large image, minutes. A slot of the queue is not held for
 * that long: what has not been said by then, the end of the job brings.
 */
const TRACE_WAITS_MS = [250, 750, 2_000, 4_000];

/**
 * A job that runs: leases on what it needs, at once from what a job of its name used last, else from its trace.
 *
 * Outcomes: `predicted` (leases from memory), those of `recordTrace` (confirmed leases, and a use at the job's
 * start), `too-early` (the trace named nothing in time), `trace-refused`, `unplaced`, and `no-lease` (the job
 * started so long ago that its leases would be over).
 */
export async function resolveRunning(parts: ResolverParts, heard: HeardJob): Promise<Resolved> {
  const { key, job } = heard;
  if (startOf(heard) + LEASE_MS <= parts.clock.now()) return nothingDone('no-lease');

  const known = await parts.ledger.imagesOf(key.instance, key.project, job.name);
  if (known === undefined) return await resolveFromTrace(parts, heard);

  const placement = await findPlace(parts, heard, job.systemId);
  const identities = known.flatMap((image) => image.identities);
  await lease(parts, heard, placement, identities, 'predicted');
  const { possible } = placement;
  return { outcome: possible.length > 0 ? 'predicted' : 'unplaced', uses: 0, hosts: [...possible] };
}

async function resolveFromTrace(parts: ResolverParts, heard: HeardJob): Promise<Resolved> {
  const head = await waitForTrace(parts, heard);
  if (typeof head === 'string') return nothingDone(head === 'no-trace' ? 'too-early' : head);
  if (head.images.length === 0 && !head.complete) return nothingDone('too-early');

  const placement = await findPlace(parts, heard, heard.job.systemId ?? head.systemId);
  await lease(parts, heard, placement, head.images.flatMap(identitiesOf), 'confirmed');
  return await recordTrace(parts, heard, head, placement, startOf(heard));
}

/** The trace once the preparation is over, or as far as it had come in seven seconds. */
async function waitForTrace(parts: ResolverParts, heard: HeardJob): ReturnType<typeof readTrace> {
  let head = await readTrace(parts, heard);
  for (const pause of TRACE_WAITS_MS) {
    if (head === 'trace-refused' || (head !== 'no-trace' && head.complete)) break;
    await parts.wait(pause);
    head = await readTrace(parts, heard);
  }
  return head;
}

/** Counted from the job's start, so that the same event, once more or late, makes no lease longer. */
async function lease(
  { evidence }: ResolverParts,
  heard: HeardJob,
  { possible }: Placement,
  identities: readonly Identity[],
  strength: LeaseStrength,
): Promise<void> {
  const expiresAt = (startOf(heard) + LEASE_MS) as Millis;
  const leases = [...new Set(identities)].map((identity) => ({
    job: heard.key,
    identity,
    strength,
    expiresAt,
  }));
  if (leases.length === 0) return;
  for (const host of possible) await evidence.lease(host, leases);
}
