import type { Millis } from '@sideband/shared/clock';
import { setLeases } from './resolver-leases.ts';
import {
  createdOf,
  type HeardJob,
  nothingDone,
  type Resolved,
  type ResolverParts,
} from './resolver-parts.ts';

/**
 * All jobs of a pipeline are created at once, and of those that turn out to be skipped or manual nobody tells: so a
 * hint that is wrong ends by itself, and one for a late stage lasts until then.
 */
export const EXPECTED_MS = 4 * 3_600_000;

/**
 * A job that is created or pending: where jobs of its name ran lately, what they used is expected to be needed. Costs
 * GitLab nothing. Outcomes: `expected`, `unplaced` (it is not known where they ran), `no-images` (they use none),
 * `nothing-known`, and `no-lease` (created so long ago that the expectation would be over).
 */
export async function resolveExpected(parts: ResolverParts, heard: HeardJob): Promise<Resolved> {
  const { key, job } = heard;
  const expiresAt = (createdOf(heard) + EXPECTED_MS) as Millis;
  if (expiresAt <= parts.clock.now()) return nothingDone('no-lease');
  const remembered = await parts.ledger.lastOf(key.instance, key.project, job.name);
  if (remembered === undefined) return nothingDone('nothing-known');
  const { images, hosts } = remembered;
  if (images.length === 0) return nothingDone('no-images');
  await setLeases(parts, heard, hosts, images, { strength: 'expected', expiresAt });
  return { outcome: hosts.length > 0 ? 'expected' : 'unplaced', uses: 0, hosts: [...hosts] };
}
