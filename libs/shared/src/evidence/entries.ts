import * as z from 'zod/mini';
import type { Millis } from '../clock.ts';
import { parseJson } from '../json.ts';
import { type InstanceName, type JobKey, parseInstanceName, parseJobId, parseProjectId } from '../names.ts';
import {
  type Identity,
  type LastUse,
  LEASE_STRENGTHS,
  type Lease,
  type LeaseStrength,
  type RecordedUse,
  ROLES,
  type Role,
  SOURCES,
  type Source,
  type Use,
} from './model.ts';
import { TOMBSTONE_MS } from './store.ts';

/*
 * How evidence is written down: words with a space between them, what may hold a space last. Names and
 * identities have no spaces. Reading gives undefined for what this version would not have written.
 */

export function wholeMillis(at: number): Millis {
  return Math.floor(at) as Millis;
}

export function jobText(job: JobKey): string {
  return `${job.instance} ${job.project} ${job.job}`;
}

/** Stands where a use of no job has no job: 0 is neither a project's id nor a job's. */
const NO_JOB = { instance: '-', project: 0, job: 0 } as const;
const NO_JOB_TEXT = `${NO_JOB.instance} ${NO_JOB.project} ${NO_JOB.job}`;

/** `lua/record-uses.ts` compares the first three as numbers, and then the rest as bytes. */
export function lastUseText(use: LastUse): string {
  return `${use.at} ${SOURCES.indexOf(use.source)} ${jobNumber(use)} ${lastUseRest(use)}`;
}

/** Where uses are compared by their jobs' ids, one of no job is below all others. */
export function jobNumber({ job }: Pick<LastUse, 'job'>): number {
  return (job ?? NO_JOB).job;
}

export function lastUseRest(use: LastUse): string {
  const { instance, project } = use.job ?? NO_JOB;
  return `${use.role} ${instance} ${project} ${use.jobName}`;
}

export function parseLastUse(text: string): LastUse | undefined {
  const match = /^(-?\d+) (\d) (\d+) (\S+) (\S+) (\d+) (.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, at = '', rank = '', job = '', role = '', instance = '', project = '', jobName = ''] = match;
  const source = parseSource(rank);
  if (source === undefined || !isRole(role)) return undefined;
  const known = { at: wholeMillis(Number(at)), source, role, jobName };
  if (`${instance} ${project} ${job}` === NO_JOB_TEXT) return { ...known, job: undefined };
  const key = parseJobKey(instance, project, job);
  return key === undefined ? undefined : { ...known, job: key };
}

export function recordedUseText(use: Omit<RecordedUse, 'at'>): string {
  return `${jobText(use.job)} ${SOURCES.indexOf(use.source)} ${use.role} ${use.identity}`;
}

export function parseRecordedUse(text: string, at: number): RecordedUse | undefined {
  const [instance = '', project = '', job = '', rank = '', role = '', identity = '', ...more] =
    text.split(' ');
  const key = parseJobKey(instance, project, job);
  const source = parseSource(rank);
  if (key === undefined || source === undefined || more.length > 0) return undefined;
  if (!isRole(role) || !isIdentity(identity)) return undefined;
  return { job: key, role, identity, source, at: wholeMillis(at) };
}

export function leaseText(lease: Pick<Lease, 'job' | 'identity'>): string {
  return `${jobText(lease.job)} ${lease.identity}`;
}

/** Above every expiry, year 9999 included, and small enough that the sum of both is exact in a double. */
const STRENGTH_STEP = 2 ** 52;

/** The scores of predicted leases begin at 0, so those of expected ones are negative: expired, to a reaper that knows of none. */
function lowestScore(strength: LeaseStrength): number {
  return (LEASE_STRENGTHS.indexOf(strength) - LEASE_STRENGTHS.indexOf('predicted')) * STRENGTH_STEP;
}

/**
 * A lease's strength and expiry as one number that only ever grows: any lease is above any weaker one, and within a
 * strength the later expiry is above. Keeping the larger number is the whole merge.
 */
export function leaseScore({ strength, expiresAt }: Pick<Lease, 'strength' | 'expiresAt'>): number {
  return lowestScore(strength) + Math.min(Math.max(wholeMillis(expiresAt), 0), STRENGTH_STEP - 1);
}

/** The scores, both ends included, of leases that can be forgotten at `now`. */
export function forgottenScores(now: Millis): readonly (readonly [from: number, to: number])[] {
  return LEASE_STRENGTHS.map((strength) => {
    const from = lowestScore(strength);
    // An expired confirmed lease stays a while: a late predicted one must not take its place.
    return [from, from + now - (strength === 'confirmed' ? TOMBSTONE_MS : 0)];
  });
}

export function parseLease(text: string, score: number): Lease | undefined {
  const [instance = '', project = '', job = '', identity = '', ...more] = text.split(' ');
  const key = parseJobKey(instance, project, job);
  if (key === undefined || !isIdentity(identity) || more.length > 0) return undefined;
  const strength = LEASE_STRENGTHS.findLast((one) => score >= lowestScore(one));
  if (strength === undefined) return undefined;
  return { job: key, identity, strength, expiresAt: wholeMillis(score - lowestScore(strength)) };
}

const parkedUse = z.tuple([
  z.string(),
  z.number(),
  z.number(),
  z.string(),
  z.enum(ROLES),
  z.enum(SOURCES),
  z.array(z.string()),
  z.boolean(),
]);

/** A use that waits for its host: its manager is known from its job, so it always has one. */
export type ParkedUse = Use & { readonly job: JobKey };

/** Without its time, which stands beside it. The use must be in its `parkedForm`. */
export function parkedText(use: ParkedUse): string {
  const { instance, project, job } = use.job;
  const fields: z.infer<typeof parkedUse> = [
    instance,
    project,
    job,
    use.jobName,
    use.role,
    use.source,
    [...use.identities],
    use.pulled ?? false,
  ];
  return JSON.stringify(fields);
}

export function parseParked(text: string, score: number): ParkedUse | undefined {
  const parsed = parkedUse.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const [instance, project, job, jobName, role, source, identities, pulled] = parsed.data;
  const key = parseJobKey(instance, String(project), String(job));
  if (key === undefined || !identities.every(isIdentity)) return undefined;
  const at = wholeMillis(score);
  return { job: key, jobName, role, source, identities, at, receivedAt: at, pulled };
}

/** In an order of their own, so that the same is always the same text. */
export function instancesText(instances: ReadonlyMap<string, InstanceName>): string {
  return JSON.stringify([...instances].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const fedInstances = z.array(z.tuple([z.string(), z.string()]));

export function parseInstances(text: string): ReadonlyMap<string, InstanceName> | undefined {
  const parsed = fedInstances.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const instances = new Map<string, InstanceName>();
  for (const [address, name] of parsed.data) {
    const instance = parseInstanceName(name);
    if (!instance.ok) return undefined;
    instances.set(address, instance.value);
  }
  return instances;
}

export function isIdentity(text: string): text is Identity {
  return /^[^\s\p{Cc}]{1,512}$/u.test(text);
}

function parseSource(rank: string): Source | undefined {
  return /^\d$/.test(rank) ? SOURCES[Number(rank)] : undefined;
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

function parseJobKey(instance: string, project: string, job: string): JobKey | undefined {
  const parsed = {
    instance: parseInstanceName(instance),
    project: parseProjectId(Number(project)),
    job: parseJobId(Number(job)),
  };
  if (!parsed.instance.ok || !parsed.project.ok || !parsed.job.ok) return undefined;
  return { instance: parsed.instance.value, project: parsed.project.value, job: parsed.job.value };
}
