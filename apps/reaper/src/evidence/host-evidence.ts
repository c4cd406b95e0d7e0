import type { Clock } from '@sideband/shared/clock';
import type { Lease } from '@sideband/shared/evidence/model';
import type { EvidenceStore, Fed } from '@sideband/shared/evidence/store';
import type { HostRecords } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import { type Batch, createDelivery, type Schedule } from './delivery.ts';
import { createOutage } from './outage.ts';
import type { HostEvidence, LocalEvidence } from './port.ts';

type Store = Pick<
  EvidenceStore,
  'recordUses' | 'lastUses' | 'recordedUses' | 'noteRepullable' | 'repullable' | 'lease' | 'leases' | 'fed'
>;

export interface HostEvidenceParts {
  readonly local: LocalEvidence;
  /** Undefined: this host stands alone. */
  readonly store: Store | undefined;
  readonly records: Pick<HostRecords, 'claimJobs'> | undefined;
  readonly host: HostName;
  readonly clock: Clock;
  readonly log: Log;
  readonly schedule?: Schedule;
}

/** Of the newest that Redis has recorded of this host, enough to compare some hours of a busy one. */
const COMPARED = 2_000;

/** The local evidence and Redis beside it. `close` brings to Redis what still waits, and leaves the local evidence open. */
export function createHostEvidence(parts: HostEvidenceParts): HostEvidence & { close(): Promise<void> } {
  const { local, store, clock } = parts;
  if (store === undefined) {
    // What a collector once told is in the snapshot; alone there is none to be waited for.
    const freshness = { kind: 'watch-only', asOf: undefined } as const;
    const read = () => ({ ...local.read(clock.now()), freshness });
    return {
      all: async () => read(),
      leases: async () => read().leases,
      see: (sightings) => local.note(sightings),
      recorded: async () => [],
      close: async () => undefined,
    };
  }
  return besideRedis(parts, store);
}

function besideRedis(parts: HostEvidenceParts, store: Store): HostEvidence & { close(): Promise<void> } {
  const { local, records, host, clock, log, schedule = inRealTime } = parts;
  const outage = createOutage(log.child({ host }), () => {
    const { asOf } = local.read(clock.now()).freshness;
    return asOf === undefined ? undefined : clock.now() - asOf;
  });
  const delivery = createDelivery(send, schedule);

  /** What Redis answers, or what holds while it is away. */
  async function ask<T>(question: () => Promise<T>, away: () => T): Promise<T> {
    try {
      const answer = await question();
      outage.over();
      return answer;
    } catch (error) {
      outage.noticed(error);
      return away();
    }
  }

  async function send({ uses, pulled, claims }: Batch): Promise<boolean> {
    try {
      // First: the collector places a job by it, and the job may end any moment.
      if (claims.length > 0) await records?.claimJobs(host, claims, clock.now());
      if (uses.length > 0) await store.recordUses(host, uses);
      if (pulled.length > 0) await store.noteRepullable(host, pulled, clock.now());
      outage.over();
      return true;
    } catch (error) {
      return notSent(error);
    }
  }

  /** Nobody waits for a delivery, so nobody would hear what it throws. */
  function notSent(error: unknown): boolean {
    try {
      outage.noticed(error);
      return false;
    } catch {
      log.error(
        { host, err: error },
        'What was seen here could not be given to Redis and is not tried again',
      );
      return true;
    }
  }

  /**
   * A Redis that was emptied has ended no job: until the collector tells anew, the leases that were known are brought
   * back to it. Those of jobs that have ended since are refused there.
   */
  async function withOurs(leases: readonly Lease[], fed: Fed | undefined): Promise<readonly Lease[]> {
    if (fed !== undefined) return leases;
    const ours = local.read(clock.now());
    if (ours.freshness.asOf === undefined || ours.leases.length === 0) return leases;
    await store.lease(host, ours.leases);
    return await store.leases(host, clock.now());
  }

  async function synchronise(): Promise<void> {
    const [lastUses, told, repullable, fed] = await Promise.all([
      store.lastUses(host),
      store.leases(host, clock.now()),
      store.repullable(host),
      store.fed(host),
    ]);
    const leases = await withOurs(told, fed);
    const lacking = await local.absorb({ lastUses, leases, repullable, fed });
    if (lacking.uses.length > 0) await store.recordUses(host, lacking.uses);
    if (lacking.repullable.length > 0) {
      await store.noteRepullable(host, lacking.repullable, clock.now());
    }
  }

  return {
    all: async () => {
      // What waits would count as lacking, and be brought twice.
      if (!outage.isAway()) await delivery.flush();
      await ask(synchronise, () => undefined);
      return local.read(clock.now());
    },
    leases: async () => {
      const leases = await ask(
        async () => withOurs(await store.leases(host, clock.now()), await store.fed(host)),
        () => undefined,
      );
      if (leases === undefined) return local.read(clock.now()).leases;
      // A lease must not be forgotten when Redis goes away now.
      await local.absorbLeases(leases);
      return leases;
    },
    see: async (sightings) => {
      const noted = local.note(sightings);
      delivery.add(sightings);
      await noted;
    },
    recorded: () =>
      ask(
        () => store.recordedUses(host, COMPARED),
        () => [],
      ),
    close: async () => {
      delivery.stop();
      if (!outage.isAway()) await delivery.flush();
    },
  };
}

function inRealTime(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds).unref();
  return () => clearTimeout(timer);
}
