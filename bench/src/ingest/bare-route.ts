import { Queue } from 'bullmq';
import type { FastifyPluginAsync } from 'fastify';
import type { Redis } from 'ioredis';

export const BARE_PREFIX = '{bare}';
export const BARE_QUEUE = 'bare';

/** As trusting as can be: who sends it, and whether its fields are there, nobody asks. */
type JobHook = Readonly<Record<'project_id' | 'build_id' | 'build_status', unknown>>;

/** The least that can be done with a hook: fastify reads the JSON, three fields of it are queued. */
export function bareRoute(redis: Redis): FastifyPluginAsync {
  const queue = new Queue(BARE_QUEUE, { connection: redis, prefix: BARE_PREFIX, skipVersionCheck: true });
  return async (app) => {
    app.post<{ Body: JobHook }>('/hooks/*', async ({ body }, reply) => {
      const { project_id: project, build_id: job, build_status: status } = body;
      await queue.add('job-event', { project, job, status }, { jobId: `${project}-${job}-${status}` });
      return reply.code(202).send({ outcome: 'queued' });
    });
  };
}
