import type { Millis } from '@sideband/shared/clock';
import type { HostName, SystemId } from '@sideband/shared/names';
import type { Fleet } from './fleet.ts';

/** A host that is only registered, as by a reaper that is not there: its uses are kept, nothing is evicted. */
export function registerPaperHost(
  fleet: Fleet,
  host: HostName,
  systemId: SystemId,
  mode: 'observe' | 'enforce' = 'observe',
): Promise<void> {
  const uuid = '11111111-2222-3333-4444-555555555555';
  const seenAt = Date.now() as Millis;
  return fleet.records.register({ host, uuid, systemIds: [systemId], seenAt, mode, engine: '' });
}
