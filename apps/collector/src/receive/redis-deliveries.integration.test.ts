import { isSidebandError } from '@sideband/shared/errors';
import type { InstanceName } from '@sideband/shared/names';
import { type OwnRedis, openRedis } from '@sideband/shared/redis-client.suite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeDeliveries } from './deliveries.suite.ts';
import { createRedisDeliveries } from './redis-deliveries.ts';

const delivery = {
  address: { instance: 'gitlab.example.com' as InstanceName, source: { kind: 'system' as const } },
  id: 'a{b}c:*',
  signedSeconds: '1700000000',
};

let own: OwnRedis;

beforeAll(async () => {
  own = await openRedis();
});

afterAll(() => own.close());

describeDeliveries('in Redis', async () => {
  await own.redis.flushall();
  return { deliveries: createRedisDeliveries(own.redis), pass };
});

/** Takes the time off what every key has left, since Redis goes by its own clock. */
async function pass(milliseconds: number): Promise<void> {
  for (const key of await own.redis.keys('*')) {
    const left = await own.redis.pttl(key);
    await own.redis.pexpire(key, left - milliseconds);
  }
}

it('gives every key an end, one slot and one length', async () => {
  await own.redis.flushall();
  const deliveries = createRedisDeliveries(own.redis);
  await deliveries.claim(delivery);
  await deliveries.remember(delivery);
  const keys = await own.redis.keys('*');
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    expect(key).toMatch(/^\{sb:c\}:hook(-request)?:[\w-]{43}$/);
    expect(await own.redis.pttl(key)).toBeGreaterThan(600_000);
    expect(await own.redis.memory('USAGE', key)).toBeLessThan(160);
  }
});

it('says so when Redis is away', async () => {
  const other = await openRedis();
  const deliveries = createRedisDeliveries(other.redis);
  await other.server.stop();
  for (const verb of ['claim', 'remember', 'release'] as const) {
    await expect(deliveries[verb](delivery)).rejects.toSatisfy((it) =>
      isSidebandError(it, 'REDIS_UNAVAILABLE'),
    );
  }
  await other.close();
});
