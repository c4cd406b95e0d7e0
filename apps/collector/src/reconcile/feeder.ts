import type { Millis } from '@sideband/shared/clock';
import type { EvidenceStore, Fed } from '@sideband/shared/evidence/store';
import type { HostName, InstanceName } from '@sideband/shared/names';
import type { GitLab } from '../gitlab/port.ts';

/** Says to hosts how far what GitLab has is theirs. Throws `REDIS_UNAVAILABLE`. */
export interface Feeder {
  /** All that happened up to then was asked for, in every project of every GitLab, and has been looked up. */
  tellAll(hosts: readonly HostName[], at: Millis): Promise<void>;
  /** Those who came since are told what the others know; what was parked for them must be theirs by now. */
  tellNewcomers(hosts: readonly HostName[]): Promise<void>;
  /** What the others know is lost: newcomers are told nothing before the next `tellAll`. */
  forget(): void;
}

export function createFeeder(
  evidence: Pick<EvidenceStore, 'markFed'>,
  gitlabs: ReadonlyMap<InstanceName, GitLab>,
): Feeder {
  const instances = new Map(Array.from(gitlabs.values(), ({ host, instance }) => [host, instance]));
  let last: { readonly fed: Fed; readonly told: ReadonlySet<HostName> } | undefined;

  async function tell(hosts: readonly HostName[], fed: Fed): Promise<void> {
    await Promise.all(hosts.map((host) => evidence.markFed(host, fed)));
  }

  return {
    async tellAll(hosts, at) {
      const fed = { at, instances };
      await tell(hosts, fed);
      last = { fed, told: new Set(hosts) };
    },
    async tellNewcomers(hosts) {
      if (last === undefined) return;
      const { fed, told } = last;
      await tell(
        hosts.filter((host) => !told.has(host)),
        fed,
      );
      last = { fed, told: new Set(hosts) };
    },
    forget() {
      last = undefined;
    },
  };
}
