import type { Millis } from '@sideband/shared/clock';
import { parseImageId, referenceIdentity } from '@sideband/shared/image-reference';
import type { RememberedJob } from './ledger.ts';
import { placeUses } from './place-uses.ts';
import { rememberUse } from './record-trace.ts';
import {
  type AskedJob,
  nothingDone,
  type Placement,
  type Resolved,
  type ResolverParts,
} from './resolver-parts.ts';

/**
 * What the CI configuration says the job used, where its trace cannot be read: weaker evidence, under names alone.
 * What is not certain is left out and said in `missing`. Outcomes: `configuration`, `unplaced`, and `without` where
 * nothing comes of it. Throws as GitLab's port does when GitLab is away.
 */
export async function recordConfiguration(
  parts: ResolverParts,
  asked: AskedJob,
  placement: Placement,
  at: Millis,
  without: 'no-trace' | 'trace-refused',
): Promise<Resolved> {
  const { ledger, log } = parts;
  const { key, gitlab, job } = asked;
  const configured = await parts.configuredImages(gitlab, job);
  if (configured === undefined) return { ...nothingDone(without), hosts: [...placement.hosts] };
  const missing = [...configured.missing];
  if (missing.length > 0)
    log.info({ job: key, missing }, 'The configuration does not say all that the job used');
  if (configured.images.length === 0)
    return { outcome: without, uses: 0, hosts: [...placement.hosts], missing };

  const images = configured.images.map(({ role, name }) => {
    return { role, identities: [referenceIdentity(name)], pulled: false };
  });
  const placed = await placeUses(parts, asked, placement, images, { at, source: 'configuration' });
  const known = await ledger.lastOf(key.instance, key.project, job.name);
  const isWhole = images.some(({ role }) => role === 'build');
  if (isWhole && !isFromTrace(known)) await rememberUse(parts, asked, images, placement.hosts, at);
  return { ...placed, outcome: placed.outcome === 'unplaced' ? 'unplaced' : 'configuration', missing };
}

/** Better than any configuration, even where it is older. Nothing else knows an image's id. */
function isFromTrace(known: RememberedJob | undefined): boolean {
  return known?.images.every(({ identities }) => identities.some((name) => parseImageId(name).ok)) ?? false;
}
