import type { Clock } from '@sideband/shared/clock';
import type { HostRecords } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import type { ReaperConfig } from './config.ts';
import { readSystemIds } from './identity/system-ids.ts';
import type { Policy } from './plan/policy.ts';

/** Says in Redis who this host is and which managers it serves. Throws `REDIS_UNAVAILABLE` and `CONFIG_INVALID`. */
export function createHeartbeat(parts: {
  readonly host: HostName;
  readonly uuid: string;
  readonly policy: Policy;
  readonly config: ReaperConfig;
  readonly records: HostRecords;
  readonly clock: Clock;
  readonly log: Log;
}): () => Promise<void> {
  const { host, uuid, policy, config, records, clock, log } = parts;
  const sources = { configured: config.systemIds, file: config.systemIdFile };
  return async () => {
    const systemIds = await readSystemIds(sources, log);
    await records.register({ host, uuid, systemIds, seenAt: clock.now(), mode: policy.mode });
  };
}
