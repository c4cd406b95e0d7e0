import type { Clock, Millis } from '@sideband/shared/clock';
import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import type { Evidence } from './plan/snapshot.ts';

/**
 * Reads the evidence before each plan. While Redis is away the last one read goes on to be used: it only
 * grows older, and an old order is better than a full disk. Throws `EVIDENCE_UNAVAILABLE` when there is none.
 */
export function createEvidenceReader(
  store: Pick<EvidenceStore, 'lastUses' | 'leases' | 'repullable'>,
  host: HostName,
  clock: Clock,
  log: Log,
): () => Promise<Evidence> {
  let last: { readonly evidence: Evidence; readonly at: Millis } | undefined;
  return async () => {
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
      if (!isSidebandError(error, 'REDIS_UNAVAILABLE')) throw error;
      if (last === undefined) throw new SidebandError('EVIDENCE_UNAVAILABLE', { host }, { cause: error });
      log.warn({ host, staleMs: now - last.at }, 'Redis is away; the last evidence read is used');
      return last.evidence;
    }
  };
}
