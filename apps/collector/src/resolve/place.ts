import type { Clock } from '@sideband/shared/clock';
import type { HostRecords, JobClaim, Registration } from '@sideband/shared/hosts/records';
import type { HostName, SystemId } from '@sideband/shared/names';

/** Where a job runs or ran, as well as that is known. */
export interface Place {
  /**
   * Whose images it uses: the hosts that saw its containers, else all that registered its manager (several where
   * hosts share a system id, and that only over-protects). None while nothing is known.
   */
  readonly hosts: readonly HostName[];
  /** Where it may be at work: as long as it has no container, any host of its manager may be the one. */
  readonly possible: readonly HostName[];
}

export interface Places {
  placeOf(job: JobClaim, manager: SystemId | undefined): Promise<Place>;
}

/** Reading all registrations scans Redis, and jobs come by the hundred: an answer is good for this long. */
const FRESH_MS = 5_000;
/** A manager we do not know may have registered just now; more often than this nobody looks. */
const RETRY_MS = 1_000;

interface Registered {
  readonly all: readonly HostName[];
  readonly byManager: ReadonlyMap<SystemId, readonly HostName[]>;
}

interface Snapshot {
  readonly at: number;
  readonly registered: Promise<Registered>;
}

export function createPlaces(
  records: Pick<HostRecords, 'registrations' | 'claimants'>,
  clock: Clock,
): Places {
  let snapshot: Snapshot | undefined;

  function look(olderThanMs: number): Promise<Registered> {
    const now = clock.now();
    if (snapshot !== undefined && now - snapshot.at < olderThanMs) return snapshot.registered;
    const looked: Snapshot = { at: now, registered: records.registrations().then(arrange) };
    snapshot = looked;
    // Who asked hears of the failure; the next one looks again.
    looked.registered.catch(() => {
      if (snapshot === looked) snapshot = undefined;
    });
    return looked.registered;
  }

  async function hostsOf(manager: SystemId): Promise<readonly HostName[]> {
    const known = (await look(FRESH_MS)).byManager.get(manager);
    return known ?? (await look(RETRY_MS)).byManager.get(manager) ?? [];
  }

  return {
    async placeOf(job, manager) {
      const managed = manager === undefined ? [] : await hostsOf(manager);
      // Where nobody says that the manager is theirs, anybody may have the containers.
      const asked = managed.length > 0 ? managed : (await look(FRESH_MS)).all;
      const claimants = await records.claimants(job, asked);
      return {
        hosts: claimants.length > 0 ? claimants : managed,
        possible: [...new Set([...managed, ...claimants])],
      };
    },
  };
}

function arrange(registrations: readonly Registration[]): Registered {
  return { all: registrations.map(({ host }) => host), byManager: hostsByManager(registrations) };
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
