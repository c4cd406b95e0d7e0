import type { Clock } from '@sideband/shared/clock';
import type { HostRecords } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import type { hostQueue } from '@sideband/shared/queues/catalogue';
import type { Producer } from '@sideband/shared/queues/producer';
import type { ReaperConfig } from './config.ts';
import { readSystemIds } from './identity/system-ids.ts';
import type { Policy } from './plan/policy.ts';

export interface Heartbeat {
  /** Says in Redis who this host is and which managers it serves. Never throws. */
  beat(): Promise<void>;
  /** Beats once and puts the scheduled check on the host's queue; tried again every 5 s until Redis takes it. */
  start(): Promise<void>;
  stop(): void;
}

const RETRY_MS = 5_000;

export function createHeartbeat(parts: {
  readonly host: HostName;
  readonly uuid: string;
  readonly policy: Policy;
  readonly config: ReaperConfig;
  readonly records: HostRecords;
  readonly producer: Producer<(typeof hostQueue)['jobs']>;
  readonly clock: Clock;
  readonly log: Log;
}): Heartbeat {
  const { host, uuid, policy, config, records, producer, clock, log } = parts;
  const sources = { configured: config.systemIds, file: config.systemIdFile };
  let retry: NodeJS.Timeout | undefined;

  const register = async (): Promise<void> => {
    const systemIds = await readSystemIds(sources, log);
    await records.register({ host, uuid, systemIds, seenAt: clock.now(), mode: policy.mode });
  };
  const start = async (): Promise<void> => {
    try {
      await register();
      await producer.schedule('check', config.checkEveryMs, {});
    } catch (error) {
      log.warn({ err: error }, 'The heartbeat waits for Redis');
      retry = setTimeout(() => void start(), RETRY_MS);
    }
  };
  return {
    start,
    beat: async () => {
      try {
        await register();
      } catch (error) {
        log.warn({ err: error }, 'The heartbeat could not be delivered');
      }
    },
    stop: () => clearTimeout(retry),
  };
}
