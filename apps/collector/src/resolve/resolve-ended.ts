import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { CLOCK_TOLERANCE_MS } from '@sideband/shared/evidence/model';
import { readTrace } from './read-trace.ts';
import { recordConfiguration } from './record-configuration.ts';
import { recordTrace } from './record-trace.ts';
import { EXPECTED_MS } from './resolve-expected.ts';
import { LEASE_MS } from './resolve-running.ts';
import { askGitLab, contradicted } from './resolver-ask.ts';
import { endLeases, isNewMachine, learnManager } from './resolver-leases.ts';
import {
  type AskedJob,
  createdOf,
  endOf,
  findPlace,
  findTracePlace,
  type HeardJob,
  isAsked,
  NOWHERE,
  noteLatency,
  nothingDone,
  type Placement,
  type Resolved,
  type ResolverParts,
  startOf,
} from './resolver-parts.ts';
import type { TraceHead } from './trace-reader.ts';
import { runsElsewhere, saysAll } from './uses.ts';

type Trace = Awaited<ReturnType<typeof readTrace>>;

/** A trace may be on its way for a moment after the end, to a replica or into the archive. */
const TRACE_LAG_MS = 5_000;

/**
 * A job that is over: its trace says what it used and where, and that it was there at all, so that a hook with the
 * job's times costs GitLab this one request. GitLab is asked for the job too where a hook alone would decide: where it
 * says that the job never ran, where the trace breaks off, is out of reach or names no manager, and where the runner has
 * a machine that nobody has confirmed. Where there is no trace its configuration says what it used.
 *
 * Everything here may be repeated, and the ledger hears of the job last, so that a crash at any instruction leaves a
 * job that is looked at again.
 *
 * Outcomes: those of `recordTrace`, where `no-images` is a job of another executor or one that failed before it had
 * an image; those of `recordConfiguration`; `never-ran`; `gone` and `not-ended` if GitLab had to be asked. Also after
 * `trace-refused` the job is known: GitLab told of it, so the token is good, and its role in this project too low.
 * Else each poll would ask for it again as far as the look-back goes, and evidence would never be fresh.
 */
export async function resolveEnded(parts: ResolverParts, heard: HeardJob): Promise<Resolved> {
  const { key, job, mayLag, confirmed } = heard;
  if (job.startedAt === undefined) {
    if (!confirmed) return await askAndResolve(parts, heard);
    return await conclude(parts, heard, NOWHERE, nothingDone('never-ran'));
  }

  const trace = await readTrace(parts, heard);
  if (trace === 'no-trace' && mayLag && parts.clock.now() - endOf(heard) < TRACE_LAG_MS) {
    throw new SidebandError('GITLAB_UNAVAILABLE', { job: key, trace: 'none yet' });
  }
  if (isAsked(heard)) return await resolveAsked(parts, heard, trace);
  if (typeof trace !== 'string' && (await isEnough(parts, heard, trace))) {
    return await resolveFromTrace(parts, heard, trace);
  }
  return await askAndResolve(parts, heard, trace);
}

/** With what has been read of its trace already. One that broke off is read again: it may have gone on until the end. */
async function askAndResolve(parts: ResolverParts, heard: HeardJob, trace?: Trace): Promise<Resolved> {
  const asked = await askGitLab(heard);
  if (asked === undefined) return nothingDone('gone');
  if (asked.job.phase !== 'ended') return contradicted(asked, 'ended');
  if (trace === undefined) return await resolveEnded(parts, asked);
  const isWhole = typeof trace === 'string' || heard.confirmed || saysAll(trace);
  return await resolveAsked(parts, asked, isWhole ? trace : await readTrace(parts, asked));
}

async function resolveAsked(parts: ResolverParts, asked: AskedJob, trace: Trace): Promise<Resolved> {
  return typeof trace === 'string'
    ? await resolveWithoutTrace(parts, asked, trace)
    : await resolveFromTrace(parts, asked, trace);
}

/** To be the last word of the job, with what the event says besides. */
async function isEnough(parts: ResolverParts, heard: HeardJob, head: TraceHead): Promise<boolean> {
  const manager = heard.job.systemId ?? head.systemId;
  if (manager === undefined || !(heard.confirmed || saysAll(head))) return false;
  return runsElsewhere(head) || !(await isNewMachine(parts, heard, manager));
}

async function resolveFromTrace(parts: ResolverParts, heard: HeardJob, head: TraceHead): Promise<Resolved> {
  const placement = await findTracePlace(parts, heard, head);
  const resolved = await recordTrace(parts, heard, head, placement, endOf(heard));
  return await conclude(parts, heard, placement, resolved);
}

async function resolveWithoutTrace(
  parts: ResolverParts,
  asked: AskedJob,
  why: 'no-trace' | 'trace-refused',
): Promise<Resolved> {
  const placement = await findPlace(parts, asked, asked.job.systemId);
  const resolved = await recordConfiguration(parts, asked, placement, endOf(asked), why);
  return await conclude(parts, asked, placement, resolved);
}

async function conclude(
  parts: ResolverParts,
  heard: HeardJob,
  placement: Placement,
  resolved: Resolved,
): Promise<Resolved> {
  const { ledger, clock, log } = parts;
  const { key, job, receivedAt } = heard;
  const endedAt = endOf(heard);
  if (resolved.uses > 0 && resolved.hosts.length > 0) noteLatency(parts, 'use', endedAt);
  await learnManager(parts, heard, placement, endedAt);
  if (mayHaveLeases(heard, clock.now())) await endLeases(parts, heard, placement, endedAt);
  await ledger.markEnded(key, createdOf(heard));

  const aheadMs = (job.finishedAt ?? endedAt) - receivedAt;
  if (aheadMs > CLOCK_TOLERANCE_MS)
    log.warn({ job: key, aheadMs }, 'GitLab’s clock is ahead of the collector’s');
  log.debug({ job: key, ...resolved }, 'Ended job resolved');
  return resolved;
}

/** One that is found long after its start has none any more, and late news of it sets none. */
function mayHaveLeases(heard: HeardJob, now: Millis): boolean {
  const expiresAt = Math.max(startOf(heard) + LEASE_MS, createdOf(heard) + EXPECTED_MS);
  return now < expiresAt + CLOCK_TOLERANCE_MS;
}
