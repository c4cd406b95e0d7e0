import { SidebandError } from '@sideband/shared/errors';
import { CLOCK_TOLERANCE_MS } from '@sideband/shared/evidence/model';
import { readTrace } from './read-trace.ts';
import { recordTrace } from './record-trace.ts';
import { endOf, findPlace, type HeardJob, type Resolved, type ResolverParts } from './resolver-parts.ts';

/** A trace may be on its way for a moment after the end, to a replica or into the archive. */
const TRACE_LAG_MS = 5_000;

/**
 * A job that is over: its trace says what it used and where. Everything here may be repeated, and the ledger
 * hears of the job last, so that a crash at any instruction leaves a job that is looked at again.
 *
 * Outcomes: those of `recordTrace`, where `no-images` is a job of another executor or one that failed before it
 * had an image; `no-trace`; `never-ran`; and `trace-refused`, after which the job stays unknown to the ledger,
 * because the token's rights may be mended.
 */
export async function resolveEnded(parts: ResolverParts, heard: HeardJob): Promise<Resolved> {
  const { evidence, ledger, log } = parts;
  const { key, job, receivedAt } = heard;
  const trace = job.startedAt === undefined ? 'never-ran' : await readTrace(parts, heard);
  if (trace === 'no-trace' && heard.mayLag && parts.clock.now() - endOf(heard) < TRACE_LAG_MS) {
    throw new SidebandError('GITLAB_UNAVAILABLE', { job: key, trace: 'none yet' });
  }
  const head = typeof trace === 'string' ? undefined : trace;
  const placement = await findPlace(parts, heard, job.systemId ?? head?.systemId);
  const endedAt = endOf(heard);

  const resolved =
    typeof trace === 'string'
      ? { outcome: trace, uses: 0, hosts: [...placement.hosts] }
      : await recordTrace(parts, heard, trace, placement, endedAt);
  for (const host of placement.possible) await evidence.endJob(host, key, endedAt);
  if (resolved.outcome !== 'trace-refused') await ledger.markEnded(key, job.createdAt);

  const aheadMs = (job.finishedAt ?? endedAt) - receivedAt;
  if (aheadMs > CLOCK_TOLERANCE_MS)
    log.warn({ job: key, aheadMs }, 'GitLab’s clock is ahead of the collector’s');
  log.debug({ job: key, ...resolved }, 'Ended job resolved');
  return resolved;
}
