import { CLOCK_TOLERANCE_MS } from '@sideband/shared/evidence/model';
import type { FleetClock } from '@sideband/shared/fleet-clock';
import { NOTHING_NOTICED } from '@sideband/shared/hosts/entries';
import type { HostRecords, Notice } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName, SystemId } from '@sideband/shared/names';
import type { ReaperConfig } from './config.ts';
import { readSystemIds } from './identity/system-ids.ts';
import type { Policy } from './plan/policy.ts';

export interface Heartbeat {
  /** Throws `REDIS_UNAVAILABLE` and `CONFIG_INVALID`. */
  beat(): Promise<void>;
  /** What the collector has noticed about the host, as of the last beat. */
  notice(): Notice;
}

/**
 * Says in Redis who this host is and which managers it serves, keeps what is kept of it alive, hears what was noticed,
 * and sets the fleet's clock.
 */
export function createHeartbeat(parts: {
  readonly host: HostName;
  readonly uuid: string;
  readonly engine: string;
  /** Managers whose containers were seen here. */
  readonly seenManagers: () => readonly SystemId[];
  readonly policy: Policy;
  readonly config: Pick<ReaperConfig, 'systemIds' | 'systemIdFile' | 'instance'>;
  readonly records: Pick<HostRecords, 'register' | 'keepAlive' | 'notice'>;
  readonly clock: FleetClock;
  readonly log: Log;
}): Heartbeat {
  const { host, uuid, engine, seenManagers, policy, config, records, clock, log } = parts;
  const { systemIds: configured, systemIdFile: file, instance } = config;
  let noticed = NOTHING_NOTICED;
  let toldOffsetMs = 0;

  async function measureClock(): Promise<void> {
    await clock.measure();
    const offsetMs = clock.offsetMs();
    if (offsetMs === toldOffsetMs || Math.abs(offsetMs) <= CLOCK_TOLERANCE_MS) return;
    log.warn({ host, offsetMs }, 'The machine’s clock differs from Redis’s, which counts; set it right');
    toldOffsetMs = offsetMs;
  }

  return {
    beat: async () => {
      await measureClock();
      const systemIds = await readSystemIds({ configured, file, seen: seenManagers() }, log);
      const registration = { host, uuid, systemIds, seenAt: clock.now(), mode: policy.mode, engine };
      await records.register(instance === undefined ? registration : { ...registration, instance });
      await records.keepAlive(host);
      const notice = await records.notice(host);
      if (JSON.stringify(notice) !== JSON.stringify(noticed)) {
        log.warn({ host, ...notice }, 'What this host shares with others has changed');
      }
      noticed = notice;
    },
    notice: () => noticed,
  };
}
