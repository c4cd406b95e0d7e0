import type { Clock, Millis } from '@sideband/shared/clock';
import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import type { Lease } from '@sideband/shared/evidence/model';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import type { Evidence } from './plan/snapshot.ts';

/**
 * While Redis is away the last evidence read goes on to be used: it only grows older, and an old order is better
 * than a full disk. Both throw `EVIDENCE_UNAVAILABLE` when there is none.
 */
export interface EvidenceReader {
  /** Everything, for a plan. */
  all(): Promise<Evidence>;
  /** The leases alone: they change while a plan is carried out, and are read again before each deletion. */
  leases(): Promise<readonly Lease[]>;
}

export function createEvidenceReader(
  store: Pick<EvidenceStore, 'lastUses' | 'leases' | 'repullable'>,
  host: HostName,
  clock: Clock,
  log: Log,
): EvidenceReader {
  let last: { readonly evidence: Evidence; readonly at: Millis } | undefined;

  function lastKnown(error: unknown, now: Millis): Evidence {
    if (!isSidebandError(error, 'REDIS_UNAVAILABLE')) throw error;
    if (last === undefined) throw new SidebandError('EVIDENCE_UNAVAILABLE', { host }, { cause: error });
    log.warn({ host, staleMs: now - last.at }, 'Redis is away; the last evidence read is used');
    return last.evidence;
  }

  return {
    all: async () => {
      const now = clock.now();
      try {
        const [lastUses, leases, repullable] = await Promise.all([
          store.lastUses(host),
          store.leases(host, now),
          store.repullable(host),
        ]);
        last = { evidence: { lastUses, leases, repullable }, at: now };
        return last.evidence;
      } catch (error) {
        return lastKnown(error, now);
      }
    },
    leases: async () => {
      const now = clock.now();
      try {
        const leases = await store.leases(host, now);
        // What is known of uses is as old as before, but a lease must not be forgotten when Redis goes away now.
        if (last !== undefined) last = { ...last, evidence: { ...last.evidence, leases } };
        return leases;
      } catch (error) {
        return lastKnown(error, now).leases;
      }
    },
  };
}
