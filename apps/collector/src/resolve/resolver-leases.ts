import type { Millis } from '@sideband/shared/clock';
import type { LeaseStrength } from '@sideband/shared/evidence/model';
import type { HostName, SystemId } from '@sideband/shared/names';
import type { UsedImage } from './ledger.ts';
import type { HeardJob, Placement, ResolverParts } from './resolver-parts.ts';

/**
 * A job is leased on all hosts of its runner at once as long as these are no more. Beyond that it is worth a request
 * to learn which of them it is.
 */
const MAX_RUNNER_HOSTS = 32;

/** The same event, once more or late, must make no lease longer: `expiresAt` comes from the event, not from our clock. */
export async function setLeases(
  { evidence }: ResolverParts,
  { key }: HeardJob,
  hosts: readonly HostName[],
  images: readonly UsedImage[],
  { strength, expiresAt }: { readonly strength: LeaseStrength; readonly expiresAt: Millis },
): Promise<void> {
  const identities = new Set(images.flatMap((image) => image.identities));
  const leases = [...identities].map((identity) => ({ job: key, identity, strength, expiresAt }));
  if (leases.length === 0) return;
  await Promise.all(hosts.map((host) => evidence.lease(host, leases)));
}

/** Ends the job on every host where a lease of it may be: where it can run, and where it was predicted or expected. */
export async function endLeases(
  parts: ResolverParts,
  heard: HeardJob,
  { manager, possible }: Placement,
  at: Millis,
): Promise<void> {
  const { evidence, ledger, places } = parts;
  const { key, job } = heard;
  const managed = manager === undefined ? [] : await places.hostsOf([manager]);
  const predicted = (await hostsOfRunner(parts, heard)) ?? [];
  const remembered = await ledger.lastOf(key.instance, key.project, job.name);
  const hosts = new Set([...possible, ...managed, ...predicted, ...(remembered?.hosts ?? [])]);
  await Promise.all(Array.from(hosts, (host) => evidence.endJob(host, key, at)));
}

/** Every host the job's runner has. Undefined where its machines are not known, or are too many to lease on each. */
export async function hostsOfRunner(
  { ledger, places }: ResolverParts,
  { key, job }: HeardJob,
): Promise<readonly HostName[] | undefined> {
  if (job.runner === undefined) return undefined;
  const managers = await ledger.managersOf(key.instance, job.runner);
  if (managers.length === 0) return undefined;
  const hosts = await places.hostsOf(managers);
  return hosts.length > MAX_RUNNER_HOSTS ? undefined : hosts;
}

/**
 * The job shows that its runner has this machine, so that the next job of the runner can be leased without a request.
 * A hook names any runner, a runner that somebody made any machine: what GitLab does not confirm teaches nothing new.
 */
export async function learnManager(
  parts: ResolverParts,
  heard: HeardJob,
  { manager }: Placement,
  at: Millis,
): Promise<void> {
  const { key, job } = heard;
  if (job.runner === undefined || manager === undefined) return;
  if (await isNewMachine(parts, heard, manager)) return;
  await parts.ledger.noteManagers(key.instance, job.runner, [manager], at);
}

/** Nobody has confirmed yet that the runner has this machine: worth one request. */
export async function isNewMachine(
  { ledger }: ResolverParts,
  { key, job, confirmed }: HeardJob,
  manager: SystemId,
): Promise<boolean> {
  if (confirmed || job.runner === undefined) return false;
  return !(await ledger.managersOf(key.instance, job.runner)).includes(manager);
}
