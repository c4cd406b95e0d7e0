import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { startRedis } from './redis.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('answers at once, is alone on its port, and is gone when stopped', async () => {
  const [one, two] = await Promise.all([startRedis(), startRedis()]);
  expect(one.port).not.toBe(two.port);
  const client = new Redis(one.url);
  expect(await client.set('key', 'value')).toBe('OK');
  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  await client.quit();
  await Promise.all([one.stop(), two.stop()]);
  expect(() => process.kill(one.pid, 0)).toThrow(/ESRCH/);
});

test('with a directory, a port and an append-only file, what was written survives kill -9', async () => {
  const temporary = await temporaryDirectory('redis-test');
  const first = await startRedis({ directory: temporary.path, appendOnly: true });
  const client = new Redis(first.url);
  await client.config('SET', 'appendfsync', 'always');
  await client.set('key', 'value');
  client.disconnect();
  process.kill(first.pid, 'SIGKILL');
  await first.stop();

  const second = await startRedis({ directory: temporary.path, port: first.port, appendOnly: true });
  const again = new Redis(second.url);
  expect(await again.get('key')).toBe('value');
  again.disconnect();
  await second.stop();
  await temporary.remove();
});

test('a port in use is an error that says so', async () => {
  const first = await startRedis();
  await expect(startRedis({ port: first.port })).rejects.toThrow(/stopped at once[\s\S]*in use/);
  await first.stop();
});
