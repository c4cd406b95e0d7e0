import type { Clock } from '@sideband/shared/clock';
import { parseSystemId } from '@sideband/shared/names';
import { callRedis } from '@sideband/shared/redis-call';
import { defineScript } from '@sideband/shared/redis-script';
import type { ChainableCommander, Redis } from 'ioredis';
import { projectKeys, runnerManagersKey } from './keys.ts';
import type { JobLedger, LedgerBounds } from './ledger.ts';
import { formatMemory, parseMemory } from './remembered-job.ts';

// What a job used, unless what a newer job used (or one of a higher id at the same time) is there.
const REMEMBER = {
  name: 'sidebandRememberJob',
  lua: `
local known = redis.call('GET', KEYS[1])
if known then
  local ok, old = pcall(cjson.decode, known)
  if ok and type(old) == 'table' and type(old.at) == 'number' and type(old.job) == 'number' then
    local at, job = tonumber(ARGV[2]), tonumber(ARGV[3])
    if old.at > at or (old.at == at and old.job >= job) then return 0 end
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
return 1
`,
};

/** `redis` is of the role `request`: who asks the ledger would rather fail than wait. */
export function createRedisLedger(redis: Redis, clock: Clock, bounds: LedgerBounds): JobLedger {
  const remember = defineScript(redis, REMEMBER);
  const oldest = (): number => clock.now() - bounds.lookBackMs;

  return {
    async knownEnded(instance, project, jobs) {
      if (jobs.length === 0) return new Set();
      const scores = await callRedis(() => redis.zmscore(projectKeys(instance, project).ended, ...jobs));
      return new Set(
        jobs.filter((_, index) => {
          const createdAt = scores[index];
          return typeof createdAt === 'string' && Number(createdAt) >= oldest();
        }),
      );
    },

    async markEnded({ instance, project, job }, createdAt) {
      const { ended } = projectKeys(instance, project);
      const noted = redis.multi().zadd(ended, createdAt, String(job));
      await execute(keepNewest(noted, ended, oldest(), bounds.endedJobs).pexpire(ended, bounds.lookBackMs));
    },

    async lastOf(instance, project, jobName) {
      const text = await callRedis(() => redis.get(projectKeys(instance, project).images(jobName)));
      const known = text === null ? undefined : parseMemory(text);
      if (known === undefined || known.at <= clock.now() - bounds.imagesMs) return undefined;
      return { images: known.images, hosts: known.hosts };
    },

    async remember({ instance, project, job }, jobName, { images, hosts }, at) {
      const text = formatMemory({ at, job, images, hosts });
      await remember([projectKeys(instance, project).images(jobName)], [text, at, job, bounds.imagesMs]);
    },

    async managersOf(instance, runner) {
      const key = runnerManagersKey(instance, runner);
      const texts = await callRedis(() =>
        redis.zrevrangebyscore(key, '+inf', oldest(), 'LIMIT', 0, bounds.managers),
      );
      return texts.flatMap((text) => {
        const manager = parseSystemId(text);
        return manager.ok ? [manager.value] : [];
      });
    },

    async noteManagers(instance, runner, managers, at) {
      if (managers.length === 0) return;
      const key = runnerManagersKey(instance, runner);
      const noted = redis.multi().zadd(key, 'GT', ...managers.flatMap((manager) => [at, manager]));
      await execute(keepNewest(noted, key, oldest(), bounds.managers).pexpire(key, bounds.lookBackMs));
    },

    async forgetProject(instance, project) {
      await callRedis(() => redis.del(projectKeys(instance, project).ended));
    },
  };
}

function keepNewest(
  multi: ChainableCommander,
  key: string,
  oldest: number,
  count: number,
): ChainableCommander {
  return multi.zremrangebyscore(key, '-inf', `(${oldest}`).zremrangebyrank(key, 0, -count - 1);
}

async function execute(multi: ChainableCommander): Promise<void> {
  await callRedis(async () => {
    const replies = await multi.exec();
    const failure = replies?.find(([error]) => error !== null)?.[0];
    if (failure) throw failure;
  });
}
