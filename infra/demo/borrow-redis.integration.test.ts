import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../testkit/redis.ts';
import { borrowRedis } from './borrow-redis.ts';

let server: RedisServer;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

it('gives back a borrowed Redis as it was', async () => {
  await client.set('somebody:else', '1');
  const giveBack = await borrowRedis(server.url);
  await client.mset('{sb:c}:x', '1', '{sb:h:demo}:y', '2');
  await giveBack();
  expect(await client.keys('*')).toEqual(['somebody:else']);
});

it('refuses one that a Sideband works with, and leaves it alone', async () => {
  await client.set('{sb:c}:admin', '1');
  await expect(borrowRedis(server.url)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await client.exists('{sb:c}:admin')).toBe(1);
});
