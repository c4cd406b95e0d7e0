import { until } from '@sideband/infra/testkit/until';
import { type Millis, systemClock } from '@sideband/shared/clock';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { HostName, JobId } from '@sideband/shared/names';

/** How often the evidence is looked at: what is seen was there for up to so long, and for as long as Redis answers. */
export const LOOK_EVERY_MS = 5;
/** More than eight jobs on a host at a time leave between two looks. */
const NEWEST_USES = 50;
const PATIENCE = { everyMs: LOOK_EVERY_MS, timeoutMs: 30_000 };

/** Resolves when the host holds an image for this job: not merely expects it. */
export function leaseSeen(evidence: EvidenceStore, host: HostName, job: JobId): Promise<true> {
  return until<true>(
    `a lease of job ${job} on ${host}`,
    async () => {
      const leases = await evidence.leases(host, systemClock.now());
      return leases.some((lease) => lease.job.job === job && lease.strength !== 'expected');
    },
    PATIENCE,
  );
}

/** Resolves when the host's evidence has a use by this job that is not from before its end. */
export function useSeen(evidence: EvidenceStore, host: HostName, job: JobId, endedAt: Millis): Promise<true> {
  return until<true>(
    `a use by job ${job} on ${host}`,
    async () => {
      const uses = await evidence.recordedUses(host, NEWEST_USES);
      return uses.some((use) => use.job.job === job && use.at >= endedAt);
    },
    PATIENCE,
  );
}
