import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { type HostName, parseHostName } from '@sideband/shared/names';
import { openHostQueue } from '@sideband/shared/queues/open-host-queue';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Fleet } from './fleet.ts';
import { boardSecurityHeaders } from './headers.ts';

const PATH = '/queues';
/** The board counts every queue with every look of every open page, so of a large fleet it shows a part. */
const HOST_QUEUES = 50;
const UI = {
  boardTitle: 'Sideband queues',
  miscLinks: [{ text: 'Hosts', url: '/' }],
  hideDocsLink: true,
  // They would be a CLIENT LIST for each queue and look.
  showWorkers: false,
};

interface BoardOptions {
  /** The collector's own queues. */
  readonly queues: readonly Queue[];
  /** What the hosts' queues are read with; not closed here. */
  readonly redis: Redis;
  readonly fleet: Fleet;
}

interface HostQueue {
  readonly queue: Queue;
  readonly adapter: BullMQAdapter;
}

/** bull-board at /queues, to look and not to touch: the collector's queues, and those of the hosts that are up. */
export async function boardRoutes(
  app: FastifyInstance,
  { queues, redis, fleet }: BoardOptions,
): Promise<void> {
  const own = queues.map(
    (queue) => new BullMQAdapter(queue, { readOnlyMode: true, displayName: queue.name }),
  );
  const hosts = new Map<HostName, HostQueue>();
  const pages = new FastifyAdapter().setBasePath(PATH);
  const board = createBullBoard({ queues: own, serverAdapter: pages, options: { uiConfig: UI } });
  // Its own handler answers with the text of whatever was thrown.
  pages.setErrorHandler((error) => {
    app.log.error({ err: error }, 'The queue board failed');
    return {
      status: 500,
      body: { code: 'internal', message: 'The queues cannot be read; the log says why.' },
    };
  });

  async function showHosts(): Promise<void> {
    const known = new Set<HostName>();
    for (const { host } of (await fleet.hosts()).slice(0, HOST_QUEUES)) {
      const parsed = parseHostName(host);
      if (parsed.ok) known.add(parsed.value);
    }
    for (const [host, { queue }] of hosts) {
      if (known.has(host)) continue;
      hosts.delete(host);
      await queue.close();
    }
    for (const host of known) if (!hosts.has(host)) hosts.set(host, showHostQueue(redis, host));
    board.replaceQueues([...own, ...Array.from(hosts.values(), ({ adapter }) => adapter)]);
  }

  app.addHook('onRequest', async (request, reply) => {
    await reply.helmet(boardSecurityHeaders);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return reply.code(405).send({ code: 'read-only', message: 'The board only shows.' });
    }
    // BullMQ waits for the first connection without end; a person does not.
    if (redis.status !== 'ready') {
      return reply
        .code(503)
        .send({ code: 'unavailable', message: 'Redis cannot be reached; try again later.' });
    }
    if (request.routeOptions.url === `${PATH}/api/queues`) await showHosts();
  });
  app.addHook('onClose', async () => {
    await Promise.all(Array.from(hosts.values(), ({ queue }) => queue.close()));
  });
  await app.register(pages.registerPlugin(), { prefix: PATH });
}

function showHostQueue(redis: Redis, host: HostName): HostQueue {
  const queue = openHostQueue(redis, host);
  return {
    queue,
    adapter: new BullMQAdapter(queue, { readOnlyMode: true, prefix: `${host} `, displayName: host }),
  };
}
