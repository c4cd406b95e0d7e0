import type { Millis } from '@sideband/shared/clock';
import type { Identity, LeaseStrength } from '@sideband/shared/evidence/model';
import { type JobId, type ProjectId, parseProjectId } from '@sideband/shared/names';
import type { EngineContainer, ImageId } from '../engine/port.ts';
import type { KeepReason } from './reasons.ts';
import type { Snapshot } from './snapshot.ts';

/** The images that some container needs, and the identities that some job needs, looked up once a plan. */
export interface Claims {
  readonly inUse: ReadonlySet<ImageId>;
  readonly confirmed: ReadonlySet<Identity>;
  readonly predicted: ReadonlySet<Identity>;
  /** What jobs will probably need that wait to be run: no claim, only a reason to take others first. */
  readonly expected: ReadonlySet<Identity>;
  /** What projects used here before of which a job is being prepared whose image is not known. */
  readonly preparing: ReadonlySet<Identity>;
}

/**
 * A lease is over once its job has a build container here: from then on the engine itself protects what the
 * job really uses, and a prediction that was wrong protects nothing any longer.
 */
export function claimsOf(
  { containers, evidence, runningJobs }: Pick<Snapshot, 'containers' | 'evidence' | 'runningJobs'>,
  now: Millis,
): Claims {
  const jobs = jobsIn(containers);
  const live = evidence.leases.filter(
    ({ expiresAt, job }) => expiresAt > now && jobs.get(keyOf(job.project, job.job))?.isBuilding !== true,
  );
  const leased = (strength: LeaseStrength) => live.filter((lease) => lease.strength === strength);
  const confirmed = leased('confirmed');
  const known = new Set(confirmed.map(({ job }) => keyOf(job.project, job.job)));
  const waiting = [...jobs]
    .filter(([key, { isBuilding, since }]) => !isBuilding && now - since < PREPARATION_MS && !known.has(key))
    .map(([, { project }]) => project);
  // Of a job that has containers here those say more than the runner's list.
  const listed = runningJobs.flatMap(({ project, job }) => {
    if (project === undefined) return [];
    const key = keyOf(project, job);
    return jobs.has(key) || known.has(key) ? [] : [project];
  });
  return {
    inUse: new Set(containers.map((container) => container.image)),
    confirmed: new Set(confirmed.map((lease) => lease.identity)),
    predicted: new Set(leased('predicted').map((lease) => lease.identity)),
    expected: new Set(leased('expected').map((lease) => lease.identity)),
    preparing: new Set([...waiting, ...listed].flatMap((one) => evidence.projectImages.get(one) ?? [])),
  };
}

/** The strongest claim of a job without a container on an image with these identities; only `leased` outlasts an emergency. */
export function claimOn(
  identities: readonly Identity[],
  { confirmed, predicted, preparing }: Claims,
): Extract<KeepReason, 'leased' | 'lease-predicted' | 'project-preparing'> | undefined {
  if (identities.some((identity) => confirmed.has(identity))) return 'leased';
  if (identities.some((identity) => predicted.has(identity))) return 'lease-predicted';
  return identities.some((identity) => preparing.has(identity)) ? 'project-preparing' : undefined;
}

// gitlab-runner's labels since 13.9 (executors/docker/internal/labels): project and job together tell a job, as
// far as two GitLabs that share a host do not number both alike.
const RUNNER_LABEL = 'com.gitlab.gitlab-runner.';

// Cloning, caches and artifacts take minutes. A container that has waited an hour for its job's build container is left over.
const PREPARATION_MS = 3_600_000;

interface JobHere {
  readonly project: ProjectId;
  readonly isBuilding: boolean;
  /** When its oldest container was created. */
  readonly since: number;
}

/** The jobs of which some container is here. */
function jobsIn(containers: readonly EngineContainer[]): ReadonlyMap<string, JobHere> {
  const jobs = new Map<string, JobHere>();
  for (const { labels, createdAt } of containers) {
    const job = labels[`${RUNNER_LABEL}job.id`];
    const project = parseProjectId(Number(labels[`${RUNNER_LABEL}project.id`]));
    if (job === undefined || !project.ok) continue;
    const key = keyOf(project.value, job);
    const before = jobs.get(key);
    jobs.set(key, {
      project: project.value,
      isBuilding: before?.isBuilding === true || labels[`${RUNNER_LABEL}type`] === 'build',
      since: Math.min(before?.since ?? createdAt, createdAt),
    });
  }
  return jobs;
}

function keyOf(project: ProjectId, job: JobId | string): string {
  return `${project}/${job}`;
}
