import type { Clock, Millis } from '@sideband/shared/clock';
import { keepNewestScript } from '@sideband/shared/evidence/lua/keep-newest';
import { type ProjectId, parseProjectId } from '@sideband/shared/names';
import { callRedis } from '@sideband/shared/redis-call';
import { defineScript } from '@sideband/shared/redis-script';
import type { ChainableCommander, Redis } from 'ioredis';
import { POLL_SINCE_KEY, pollKeys } from './poll-keys.ts';
import { type BackFill, type PollMemory, type PollMemoryBounds, pollMemoryMs } from './poll-memory.ts';
import {
  formatBackFill,
  formatProject,
  formatReadUpTo,
  parseBackFill,
  parseProject,
  parseReadUpTo,
} from './poll-memory-text.ts';

/** Members that one command takes. */
const BATCH = 500;

/** `redis` is of the role `request`. */
export function createRedisPollMemory(redis: Redis, clock: Clock, bounds: PollMemoryBounds): PollMemory {
  const keepNewest = defineScript(redis, keepNewestScript);
  const ttlMs = pollMemoryMs(bounds);
  const read = (key: string): Promise<string | null> => callRedis(() => redis.get(key));
  const write = async (key: string, text: string): Promise<void> => {
    await callRedis(() => redis.set(key, text, 'PX', ttlMs));
  };

  /** The replies. */
  async function exec(transaction: ChainableCommander): Promise<unknown[]> {
    return await callRedis(async () => {
      const replies = (await transaction.exec()) ?? [];
      const failure = replies.find(([error]) => error !== null)?.[0];
      if (failure) throw failure;
      return replies.map(([, reply]) => reply);
    });
  }

  return {
    async since() {
      const now = clock.now();
      const begin = redis.multi().set(POLL_SINCE_KEY, now, 'NX').pexpire(POLL_SINCE_KEY, ttlMs);
      const [, , since] = await exec(begin.get(POLL_SINCE_KEY));
      return Number(since) as Millis;
    },

    project: async (instance, project) => parseProject(await read(pollKeys(instance).project(project))),
    keepProject: (instance, project, memory) =>
      write(pollKeys(instance).project(project), formatProject(memory)),

    runner: async (instance, runner) => parseReadUpTo(await read(pollKeys(instance).runner(runner))),
    keepRunner: (instance, runner, memory) =>
      write(pollKeys(instance).runner(runner), formatReadUpTo(memory)),

    async seenProjects(instance) {
      const oldest = clock.now() - bounds.lookBackMs;
      const members = await callRedis(() =>
        redis.zrange(pollKeys(instance).projects, oldest, '+inf', 'BYSCORE'),
      );
      return members.flatMap(projectOf).sort((a, b) => a - b);
    },

    async noteProjects(instance, projects, at) {
      const all = [...projects];
      for (let start = 0; start < all.length; start += BATCH) {
        const members = all.slice(start, start + BATCH).flatMap((project) => [at, project]);
        await keepNewest([pollKeys(instance).projects], [bounds.projects, ttlMs, ...members]);
      }
    },

    async backFill(instance, project) {
      return parseBackFill(await callRedis(() => redis.hget(pollKeys(instance).backFills, String(project))));
    },

    async backFills(instance) {
      const texts = await callRedis(() => redis.hgetall(pollKeys(instance).backFills));
      const fills = new Map<ProjectId, BackFill>();
      for (const [field, text] of Object.entries(texts)) {
        const fill = parseBackFill(text);
        for (const project of projectOf(field)) if (fill !== undefined) fills.set(project, fill);
      }
      return fills;
    },

    async keepBackFill(instance, project, backFill) {
      const { backFills } = pollKeys(instance);
      const keep = redis.multi().hset(backFills, String(project), formatBackFill(backFill));
      await exec(keep.pexpire(backFills, ttlMs));
    },

    async forgetBackFills(instance, projects) {
      for (let start = 0; start < projects.length; start += BATCH) {
        const fields = projects.slice(start, start + BATCH).map(String);
        await callRedis(() => redis.hdel(pollKeys(instance).backFills, ...fields));
      }
    },
  };
}

function projectOf(text: string): readonly ProjectId[] {
  const project = parseProjectId(Number(text));
  return project.ok ? [project.value] : [];
}
