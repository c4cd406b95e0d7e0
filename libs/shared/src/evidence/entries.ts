import * as z from 'zod/mini';
import type { Millis } from '../clock.ts';
import { parseJson } from '../json.ts';
import { type JobKey, parseInstanceName, parseJobId, parseProjectId } from '../names.ts';
import {
  type Identity,
  type LastUse,
  type Lease,
  type RecordedUse,
  ROLES,
  type Role,
  SOURCES,
  type Use,
} from './model.ts';

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

/** `lua/record-uses.ts` compares the first three as numbers, and then the rest as bytes. */
export function lastUseText(use: LastUse): string {
  return `${use.at} ${SOURCES.indexOf(use.source)} ${use.job.job} ${lastUseRest(use)}`;
}

export function lastUseRest(use: LastUse): string {
  return `${use.role} ${use.job.instance} ${use.job.project} ${use.jobName}`;
}

export function parseLastUse(text: string): LastUse | undefined {
  const match = /^(-?\d+) (\d) (\d+) (\S+) (\S+) (\d+) (.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, at = '', rank = '', job = '', role = '', instance = '', project = '', jobName = ''] = match;
  const source = SOURCES[Number(rank)];
  const key = parseJobKey(instance, project, job);
  if (source === undefined || key === undefined || !isRole(role)) return undefined;
  return { at: wholeMillis(Number(at)), source, role, job: key, jobName };
}

export function recordedUseText(use: Omit<RecordedUse, 'at'>): string {
  return `${jobText(use.job)} ${use.role} ${use.identity}`;
}

export function parseRecordedUse(text: string, at: number): RecordedUse | undefined {
  const [instance = '', project = '', job = '', role = '', identity = '', ...more] = text.split(' ');
  const key = parseJobKey(instance, project, job);
  if (key === undefined || !isRole(role) || !isIdentity(identity) || more.length > 0) return undefined;
  return { job: key, role, identity, at: wholeMillis(at) };
}

export function leaseText(lease: Pick<Lease, 'job' | 'identity'>): string {
  return `${jobText(lease.job)} ${lease.identity}`;
}

/** Above every expiry, year 9999 included, and small enough that the sum of both is exact in a double. */
export const CONFIRMED_FROM = 2 ** 52;

/**
 * A lease's strength and expiry as one number that only ever grows: any confirmed lease is above any predicted
 * one, and within a strength the later expiry is above. Keeping the larger number is the whole merge.
 */
export function leaseScore(lease: Pick<Lease, 'strength' | 'expiresAt'>): number {
  const expiry = Math.min(Math.max(wholeMillis(lease.expiresAt), 0), CONFIRMED_FROM - 1);
  return lease.strength === 'confirmed' ? CONFIRMED_FROM + expiry : expiry;
}

export function parseLease(text: string, score: number): Lease | undefined {
  const [instance = '', project = '', job = '', identity = '', ...more] = text.split(' ');
  const key = parseJobKey(instance, project, job);
  if (key === undefined || !isIdentity(identity) || more.length > 0) return undefined;
  const confirmed = score >= CONFIRMED_FROM;
  const expiresAt = wholeMillis(confirmed ? score - CONFIRMED_FROM : score);
  return { job: key, identity, strength: confirmed ? 'confirmed' : 'predicted', expiresAt };
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

/** Without its time, which stands beside it. The use must be in its `parkedForm`. */
export function parkedText(use: Use): string {
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

export function parseParked(text: string, score: number): Use | undefined {
  const parsed = parkedUse.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const [instance, project, job, jobName, role, source, identities, pulled] = parsed.data;
  const key = parseJobKey(instance, String(project), String(job));
  if (key === undefined || !identities.every(isIdentity)) return undefined;
  const at = wholeMillis(score);
  return { job: key, jobName, role, source, identities, at, receivedAt: at, pulled };
}

export function isIdentity(text: string): text is Identity {
  return /^[^\s\p{Cc}]{1,512}$/u.test(text);
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
