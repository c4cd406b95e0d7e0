import type { Clock } from '@sideband/shared/clock';
import { type JobId, parseJobId } from '@sideband/shared/names';
import { callRedis } from '@sideband/shared/redis-call';
import { defineScript } from '@sideband/shared/redis-script';
import type { Redis } from 'ioredis';
import { projectKeys } from './keys.ts';
import type { JobLedger, LedgerBounds } from './ledger.ts';
import { formatRemembered, parseRemembered } from './remembered-images.ts';

// The images a job used, unless those of a newer job (or of a higher id at the same time) are there.
const REMEMBER = {
  name: 'sidebandRememberImages',
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

  return {
    async knownEnded(instance, project, jobs) {
      if (jobs.length === 0) return new Set();
      const oldest = clock.now() - bounds.lookBackMs;
      const scores = await callRedis(() => redis.zmscore(projectKeys(instance, project).ended, ...jobs));
      return new Set(
        jobs.filter((_, index) => {
          const createdAt = scores[index];
          return typeof createdAt === 'string' && Number(createdAt) >= oldest;
        }),
      );
    },

    async markEnded({ instance, project, job }, createdAt) {
      const { ended } = projectKeys(instance, project);
      await callRedis(async () => {
        const replies = await redis
          .multi()
          .zadd(ended, createdAt, String(job))
          .zremrangebyscore(ended, '-inf', `(${clock.now() - bounds.lookBackMs}`)
          .zremrangebyrank(ended, 0, -bounds.endedJobs - 1)
          .pexpire(ended, bounds.lookBackMs)
          .exec();
        const failure = replies?.find(([error]) => error !== null)?.[0];
        if (failure) throw failure;
      });
    },

    async imagesOf(instance, project, jobName) {
      const text = await callRedis(() => redis.get(projectKeys(instance, project).images(jobName)));
      const known = text === null ? undefined : parseRemembered(text);
      return known !== undefined && known.at > clock.now() - bounds.imagesMs ? known.images : undefined;
    },

    async rememberImages({ instance, project, job }, jobName, images, at) {
      const text = formatRemembered({ at, job, images });
      await remember([projectKeys(instance, project).images(jobName)], [text, at, job, bounds.imagesMs]);
    },

    async settledUpTo(instance, project) {
      const text = await callRedis(() => redis.get(projectKeys(instance, project).settled));
      const job = parseJobId(Number(text));
      return job.ok ? job.value : undefined;
    },

    async settle(instance, project, upTo: JobId) {
      const { settled } = projectKeys(instance, project);
      await callRedis(() => redis.set(settled, String(upTo), 'PX', bounds.lookBackMs));
    },
  };
}
