import type { Millis } from '@sideband/shared/clock';
import { parseImageId, referenceIdentity } from '@sideband/shared/image-reference';
import type { ConfiguredImages } from './configured-images.ts';
import type { RememberedJob } from './ledger.ts';
import { placeUses } from './place-uses.ts';
import { rememberUse } from './record-trace.ts';
import type { AskedJob, Placement, Resolved, ResolverParts } from './resolver-parts.ts';

const USES_NONE_HERE: ConfiguredImages = {
  images: [],
  missing: ['jobs of this name ran by an executor that uses none here'],
};

/**
 * What the CI configuration says the job used, where its trace cannot be read: weaker evidence, under names alone.
 * What is not certain is left out and said in `missing`; where jobs of the name use no image here nor does this one,
 * whatever is written. Outcomes: `configuration`, `unplaced`, and `without` where
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
  const known = await ledger.lastOf(key.instance, key.project, job.name);
  const configured = known?.images.length === 0 ? USES_NONE_HERE : await parts.configuredImages(gitlab, job);
  const missing = [...configured.missing];
  if (missing.length > 0)
    log.info({ job: key, missing }, 'The configuration does not say all that the job used');
  if (configured.images.length === 0)
    return { outcome: without, uses: 0, hosts: [...placement.hosts], missing };

  const images = configured.images.map(({ role, name }) => {
    const identities = [referenceIdentity(name)];
    return { role, identities, askedFor: identities, pulled: false };
  });
  const placed = await placeUses(parts, asked, placement, images, { at, source: 'configuration' });
  const isWhole = images.some(({ role }) => role === 'build');
  if (isWhole && !isFromTrace(known)) await rememberUse(parts, asked, images, placement.hosts, at);
  return { ...placed, outcome: placed.outcome === 'unplaced' ? 'unplaced' : 'configuration', missing };
}

/** Better than any configuration, even where it is older. Nothing else knows an image's id. */
function isFromTrace(known: RememberedJob | undefined): boolean {
  return known?.images.every(({ identities }) => identities.some((name) => parseImageId(name).ok)) ?? false;
}
