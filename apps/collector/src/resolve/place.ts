import type { Clock } from '@sideband/shared/clock';
import type { HostRecords, JobClaim, Registration } from '@sideband/shared/hosts/records';
import type { HostName, SystemId } from '@sideband/shared/names';

/** Where a job runs or ran, as well as that is known. */
export interface Place {
  /**
   * Whose images it uses: the hosts that saw its containers, else those of its autoscaler's instance, else all that
   * registered its manager (several where hosts share a system id, and that only over-protects). None while nothing
   * is known.
   */
  readonly hosts: readonly HostName[];
  /**
   * Where it may be at work: as long as it has no container and no instance is named, any host of its manager may be
   * the one.
   */
  readonly possible: readonly HostName[];
  /** The hosts saw the job's containers themselves. What names a manager is a trace, which its runner's owner writes. */
  readonly seen: boolean;
}

/** What is said of where a job runs. */
interface Whereabouts {
  readonly manager: SystemId | undefined;
  /** The machine an autoscaler gave to it, as the cloud names it. */
  readonly instance: string | undefined;
}

export interface Places {
  placeOf(job: JobClaim, whereabouts: Whereabouts): Promise<Place>;
  /** Every host that registered one of the managers. */
  hostsOf(managers: readonly SystemId[]): Promise<readonly HostName[]>;
}

/** Reading all registrations scans Redis, and jobs come by the hundred: an answer is good for this long. */
const FRESH_MS = 5_000;
/** Somebody we do not know may have registered just now; more often than this nobody looks. */
const RETRY_MS = 1_000;

type HostsBy<K> = ReadonlyMap<K, readonly HostName[]>;

interface Registered {
  readonly all: readonly HostName[];
  readonly byManager: HostsBy<SystemId>;
  /** By the instance it registered, and by its own name. */
  readonly byInstance: HostsBy<string>;
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

  async function find(
    hostsIn: (registered: Registered) => readonly HostName[],
  ): Promise<readonly HostName[]> {
    const known = hostsIn(await look(FRESH_MS));
    return known.length > 0 ? known : hostsIn(await look(RETRY_MS));
  }

  return {
    async placeOf(job, { manager, instance }) {
      const managed =
        manager === undefined ? [] : await find(({ byManager }) => byManager.get(manager) ?? []);
      const instanced = instance === undefined ? [] : await find((all) => hostsOfInstance(all, instance));
      const near = unique([...instanced, ...managed]);
      // Where nobody says that the manager or the instance is theirs, anybody may have the containers.
      const asked = near.length > 0 ? near : (await look(FRESH_MS)).all;
      const claimants = await records.claimants(job, asked);
      const told = instanced.length > 0 ? instanced : managed;
      return {
        hosts: claimants.length > 0 ? claimants : told,
        possible: unique([...told, ...claimants]),
        seen: claimants.length > 0,
      };
    },

    async hostsOf(managers) {
      if (managers.length === 0) return [];
      const { byManager } = await look(FRESH_MS);
      return unique(managers.flatMap((manager) => byManager.get(manager) ?? []));
    },
  };
}

function arrange(registrations: readonly Registration[]): Registered {
  const byInstance = registrations.map(({ host, instance }) => ({
    host,
    keys: instance === undefined ? [host] : [host, instance],
  }));
  return {
    all: registrations.map(({ host }) => host),
    byManager: hostsByManager(registrations),
    byInstance: hostsBy<string>(byInstance),
  };
}

/** A host's name is all in small letters, what a cloud calls its machine need not be. */
function hostsOfInstance({ byInstance }: Registered, instance: string): readonly HostName[] {
  return byInstance.get(instance) ?? byInstance.get(instance.toLowerCase()) ?? [];
}

export function hostsByManager(registrations: readonly Registration[]): HostsBy<SystemId> {
  return hostsBy(registrations.map(({ host, systemIds }) => ({ host, keys: systemIds })));
}

function hostsBy<K>(hosts: readonly { readonly host: HostName; readonly keys: readonly K[] }[]): HostsBy<K> {
  const found = new Map<K, HostName[]>();
  for (const { host, keys } of hosts) {
    for (const key of new Set(keys)) {
      const known = found.get(key);
      if (known === undefined) found.set(key, [host]);
      else known.push(host);
    }
  }
  return found;
}

function unique(hosts: readonly HostName[]): readonly HostName[] {
  return [...new Set(hosts)];
}
