import type { Clock } from '@sideband/shared/clock';
import type { HostRecords, Registration } from '@sideband/shared/hosts/records';
import type { HostName, SystemId } from '@sideband/shared/names';

/** Which hosts a runner manager drives. */
export interface Places {
  /** Several where hosts share a system id (that only over-protects), none while no host has registered it. */
  hostsOf(manager: SystemId): Promise<readonly HostName[]>;
}

/** Reading all registrations scans Redis, and jobs come by the hundred: an answer is good for this long. */
const FRESH_MS = 5_000;
/** A manager we do not know may have registered just now; more often than this nobody looks. */
const RETRY_MS = 1_000;

interface Snapshot {
  readonly at: number;
  readonly hosts: Promise<ReadonlyMap<SystemId, readonly HostName[]>>;
}

export function createPlaces(records: Pick<HostRecords, 'registrations'>, clock: Clock): Places {
  let snapshot: Snapshot | undefined;

  function look(olderThanMs: number): Snapshot['hosts'] {
    const now = clock.now();
    if (snapshot !== undefined && now - snapshot.at < olderThanMs) return snapshot.hosts;
    const looked: Snapshot = { at: now, hosts: records.registrations().then(hostsByManager) };
    snapshot = looked;
    // Who asked hears of the failure; the next one looks again.
    looked.hosts.catch(() => {
      if (snapshot === looked) snapshot = undefined;
    });
    return looked.hosts;
  }

  return {
    async hostsOf(manager) {
      const known = (await look(FRESH_MS)).get(manager);
      return known ?? (await look(RETRY_MS)).get(manager) ?? [];
    },
  };
}

export function hostsByManager(
  registrations: readonly Registration[],
): ReadonlyMap<SystemId, readonly HostName[]> {
  const hosts = new Map<SystemId, HostName[]>();
  for (const { host, systemIds } of registrations) {
    for (const manager of new Set(systemIds)) {
      const known = hosts.get(manager);
      if (known === undefined) hosts.set(manager, [host]);
      else known.push(host);
    }
  }
  return hosts;
}
