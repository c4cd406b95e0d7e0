import { type Millis, systemClock } from '@sideband/shared/clock';
import { createFleetClock } from '@sideband/shared/fleet-clock';
import type { Registration } from '@sideband/shared/hosts/records';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, SystemId } from '@sideband/shared/names';
import { type OwnRedis, openRedis } from '@sideband/shared/redis-client.suite';
import { redisTime } from '@sideband/shared/redis-time';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHeartbeat } from './heartbeat.ts';
import { aPolicy } from './plan/snapshot.suite.ts';

const HOST = 'runner-7.example' as HostName;
const MANAGER = 's_0123456789ab' as SystemId;

let own: OwnRedis;

beforeAll(async () => {
  own = await openRedis();
});

afterAll(() => own.close());

async function registered(instance: string | undefined): Promise<readonly Registration[]> {
  const records = createRedisHostRecords(own.redis);
  const heartbeat = createHeartbeat({
    ...{ host: HOST, uuid: '0b2c', engine: 'boot-1', policy: aPolicy(), records, log: silentLog() },
    seenManagers: () => [],
    config: { systemIds: [MANAGER], systemIdFile: '/nowhere/.runner_system_id', instance },
    clock: createFleetClock(systemClock, () => redisTime(own.redis)),
  });
  await heartbeat.beat();
  return records.registrations();
}

it('says who the host is, and what its autoscaler calls it where it has one', async () => {
  const said = { host: HOST, uuid: '0b2c', engine: 'boot-1', systemIds: [MANAGER], mode: 'enforce' };
  const seenAt = expect.any(Number) as Millis;
  expect(await registered('i-0123456789abcdef0')).toEqual([
    { ...said, seenAt, instance: 'i-0123456789abcdef0' },
  ]);
  expect(await registered(undefined)).toEqual([{ ...said, seenAt }]);
});
