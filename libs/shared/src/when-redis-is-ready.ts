import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Log } from './log.ts';

const AGAIN_AFTER_MS = 5_000;

/**
 * Does what has to be in place in Redis, now or when Redis comes, and again each time it comes back: it may have
 * come back empty. What fails is tried again until it succeeds or Redis is gone. What it answers with ends that.
 */
export function whenRedisIsReady(redis: Redis, log: Log, act: () => Promise<void>): () => void {
  let acting = false;
  let isOver = false;
  async function run(): Promise<void> {
    if (acting) return;
    acting = true;
    while (!isOver && redis.status === 'ready' && !(await succeeds()))
      await sleep(AGAIN_AFTER_MS, undefined, { ref: false });
    acting = false;
  }
  async function succeeds(): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      log.warn({ err: error }, 'What is needed in Redis could not be put there; trying again');
      return false;
    }
  }
  redis.on('ready', run);
  void run();
  return () => {
    isOver = true;
    redis.off('ready', run);
  };
}
