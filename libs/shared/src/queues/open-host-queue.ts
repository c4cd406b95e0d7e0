import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { HostName } from '../names.ts';
import { hostQueue, hostQueuePrefix } from './catalogue.ts';

/**
 * A host's queue for whoever only looks at it, or removes it: nothing is written into it for being opened, since its keys
 * are the host's and what is written in the background might come after its removal.
 */
export function openHostQueue(redis: Redis, host: HostName): Queue {
  const queue = new Queue(hostQueue.name, {
    connection: redis,
    prefix: hostQueuePrefix(host),
    skipMetasUpdate: true,
    skipVersionCheck: true,
  });
  // Who asks hears of the failure; BullMQ would print what nobody listens to.
  queue.on('error', () => undefined);
  return queue;
}
