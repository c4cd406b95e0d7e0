import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { InstanceName, JobId, ProjectId, RunnerId } from '@sideband/shared/names';
import { connectRedis } from '@sideband/shared/redis';
import { type OwnRedis, openRedis } from '@sideband/shared/redis-client.suite';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePollMemory } from './poll-memory.suite.ts';
import { MOST_UNSETTLED, POLL_MEMORY_BOUNDS } from './poll-memory.ts';
import { createRedisPollMemory } from './redis-poll-memory.ts';

const instance = 'gitlab.example' as InstanceName;
const project = 7 as ProjectId;
const NOW = Date.UTC(2026, 10, 21) as Millis;
const DAY = 86_400_000;
const bounds = { lookBackMs: 7 * DAY, ...POLL_MEMORY_BOUNDS };
const fill = { begunAt: NOW, reachedAt: NOW, below: undefined, target: NOW, found: 0 };

let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  own = await openRedis();
  redis = own.redis;
});

afterAll(() => own.close());

describePollMemory('in Redis', async (clock, bounds) => {
  await redis.flushall();
  return createRedisPollMemory(redis, clock, bounds);
});

it('gives every key an end, a day after the look-back', async () => {
  await redis.flushall();
  const memory = createRedisPollMemory(redis, new ManualClock(NOW), bounds);
  await memory.keepProject(instance, project, { begunAt: NOW, highest: 1, unsettled: undefined });
  await memory.keepRunner(instance, 3 as RunnerId, { begunAt: NOW, highest: 1 });
  await memory.noteProjects(instance, [project], NOW);
  await memory.keepBackFill(instance, project, fill);
  await memory.since();
  const keys = (await redis.keys('*')).sort();
  expect(keys).toEqual([
    '{sb:c}:poll-back-fills:gitlab.example',
    '{sb:c}:poll-project:gitlab.example:7',
    '{sb:c}:poll-projects:gitlab.example',
    '{sb:c}:poll-runner:gitlab.example:3',
    '{sb:c}:poll-since',
  ]);
  for (const key of keys) {
    expect(await redis.pttl(key)).toBeGreaterThan(8 * DAY - 60_000);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(8 * DAY);
  }
});

it('begins anew after Redis was emptied, and all collectors hear of it', async () => {
  await redis.flushall();
  const clock = new ManualClock(NOW);
  const [one, other] = [1, 2].map(() => createRedisPollMemory(redis, clock, bounds));
  expect(await one?.since()).toBe(NOW);
  clock.advance(1);
  expect(await other?.since()).toBe(NOW);
  await redis.flushall();
  expect(await other?.since()).toBe(NOW + 1);
  clock.advance(1);
  expect(await one?.since()).toBe(NOW + 1);
});

it('keeps a thousand projects in one call', async () => {
  await redis.flushall();
  const memory = createRedisPollMemory(redis, new ManualClock(NOW), bounds);
  const projects = Array.from({ length: 1_001 }, (_, index) => (index + 1) as ProjectId);
  await memory.noteProjects(instance, projects, NOW);
  expect(await memory.seenProjects(instance)).toEqual(projects);
});

it('takes at most 350 kB for a project', async () => {
  await redis.flushall();
  const memory = createRedisPollMemory(redis, new ManualClock(NOW), bounds);
  const jobs = Array.from({ length: MOST_UNSETTLED }, (_, index) => (9_000_000_000 + index) as JobId);
  const open = new Map(jobs.map((job) => [job, NOW]));
  const owed = new Map(jobs.map((job) => [job, { createdAt: NOW, since: NOW }]));
  await memory.keepProject(instance, project, { begunAt: NOW, highest: 1, unsettled: { open, owed } });
  expect(await redis.strlen('{sb:c}:poll-project:gitlab.example:7')).toBeLessThan(350_000);
});

it('takes what it cannot read for nothing, and writes over it', async () => {
  await redis.flushall();
  const memory = createRedisPollMemory(redis, new ManualClock(NOW), bounds);
  const kept = { begunAt: NOW, highest: 1, unsettled: undefined };
  for (const text of [
    'not JSON',
    '[]',
    '{"begunAt":"soon","highest":1}',
    '{"begunAt":1,"highest":-1}',
    '7',
  ]) {
    await redis.set('{sb:c}:poll-project:gitlab.example:7', text);
    await redis.set('{sb:c}:poll-runner:gitlab.example:3', text);
    await redis.hset('{sb:c}:poll-back-fills:gitlab.example', { 7: text, x: text });
    expect(await memory.project(instance, project)).toBeUndefined();
    expect(await memory.runner(instance, 3 as RunnerId)).toBeUndefined();
    expect(await memory.backFills(instance)).toEqual(new Map());
    await memory.keepProject(instance, project, kept);
    expect(await memory.project(instance, project)).toEqual(kept);
    await memory.keepBackFill(instance, project, fill);
    expect(await memory.backFill(instance, project)).toEqual(fill);
  }
});

it('says when Redis is away', async () => {
  const away = connectRedis('redis://127.0.0.1:1', 'request');
  away.on('error', () => undefined);
  const memory = createRedisPollMemory(away, new ManualClock(NOW), bounds);
  for (const call of [
    () => memory.project(instance, project),
    () => memory.noteProjects(instance, [project], NOW),
    () => memory.keepBackFill(instance, project, fill),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  }
  away.disconnect();
});
