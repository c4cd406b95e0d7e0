import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import type { EngineContainer, EngineImage, ImageId } from '../engine/port.ts';
import { arrivalOf, type ImageLastUse, knownIdentities } from './last-use.ts';
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

/** The images that some container needs, and the identities that some job needs, looked up once a plan. */
export interface Claims {
  readonly inUse: ReadonlySet<ImageId>;
  readonly confirmed: ReadonlySet<Identity>;
  readonly predicted: ReadonlySet<Identity>;
}

/**
 * A lease is over once its job has a build container here: from then on the engine itself protects what the
 * job really uses, and a prediction that was wrong protects nothing any longer.
 */
export function claimsOf(
  { containers, evidence }: Pick<Snapshot, 'containers' | 'evidence'>,
  now: Millis,
): Claims {
  const building = new Set(containers.flatMap(jobOfBuildContainer));
  const live = evidence.leases.filter(
    (lease) => lease.expiresAt > now && !building.has(`${lease.job.project}/${lease.job.job}`),
  );
  const identities = (strength: string): ReadonlySet<Identity> =>
    new Set(live.filter((lease) => lease.strength === strength).map((lease) => lease.identity));
  return {
    inUse: new Set(containers.map((container) => container.image)),
    confirmed: identities('confirmed'),
    predicted: identities('predicted'),
  };
}

// gitlab-runner's labels since 13.9 (executors/docker/internal/labels): project and job together tell a job, as
// far as two GitLabs that share a host do not number both alike.
const RUNNER_LABEL = 'com.gitlab.gitlab-runner.';

function jobOfBuildContainer({ labels }: EngineContainer): readonly string[] {
  if (labels[`${RUNNER_LABEL}type`] !== 'build') return [];
  return [`${labels[`${RUNNER_LABEL}project.id`]}/${labels[`${RUNNER_LABEL}job.id`]}`];
}

/** The strongest guard that holds an image, or undefined where nothing does. */
export function guardOf(
  image: EngineImage,
  lastUse: ImageLastUse,
  claims: Claims,
  snapshot: Snapshot,
  policy: Policy,
  now: Millis,
): Guard | undefined {
  const identities = knownIdentities(image, snapshot);
  const blocked = snapshot.blocked.get(image.id);
  if (claims.inUse.has(image.id) || blocked === 'in-use') return { reason: 'in-use', holds: 'never' };
  if (identities.some((identity) => claims.confirmed.has(identity)))
    return { reason: 'leased', holds: 'never' };
  if (blocked !== undefined) return { reason: blocked, holds: 'never' };
  if (now - arrivalOf(image, snapshot, now) < policy.grace.afterPull)
    return { reason: 'grace-after-pull', holds: 'never' };
  // Anybody may set a label, so it holds no longer than an emergency; the reaper's own container keeps its image.
  if (OWN_IMAGE_LABEL in image.labels) return { reason: 'own-image', holds: 'emergency' };
  if (identities.some((identity) => claims.predicted.has(identity))) {
    return { reason: 'lease-predicted', holds: 'emergency' };
  }
  if (lastUse.use !== undefined && now - lastUse.at < policy.grace.afterUse) {
    return { reason: 'grace-after-use', holds: 'emergency' };
  }
  if (
    image.tags.some((tag) => HELPER_IMAGE.test(tag)) ||
    image.digests.some((digest) => HELPER_IMAGE.test(digest))
  ) {
    return { reason: 'helper-image', holds: 'emergency' };
  }
  const isRepullable = identities.some((identity) => snapshot.evidence.repullable.has(identity));
  if (!isRepullable && now - lastUse.at < policy.localMaxUnused) {
    return { reason: 'origin-unknown', holds: 'emergency' };
  }
  return undefined;
}
