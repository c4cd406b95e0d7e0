import { startRedis } from '@sideband/infra/testkit/redis';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { systemClock } from '@sideband/shared/clock';
import { COLLECTOR_PREFIX, resolveQueueOf } from '@sideband/shared/queues/catalogue';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { quantile } from '../plan-time/quantile.ts';
import { BARE_PREFIX, BARE_QUEUE } from './bare-route.ts';
import { type Fired, fire } from './fire.ts';
import { createHooks, type Proof } from './make-hooks.ts';
import { INSTANCE, MASTER } from './sideband-route.ts';
import { type HookServer, startServer } from './start-server.ts';

interface Rate {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The two, one right after the other. */
interface RateRound {
  readonly bare: Rate;
  readonly sideband: Rate;
  /** Sideband's hooks per second ÷ the bare route's. */
  readonly ratio: number;
}

export interface RateComparison {
  readonly proof: Proof;
  readonly connections: number;
  readonly rounds: readonly RateRound[];
}

const PROOFS: readonly Proof[] = ['token', 'token and signature'];
const ROUNDS = 3;
/** As many as a Sidekiq process works on at once, unless told. */
const CONNECTIONS = 20;
/** Until the engine has compiled what is hot. */
const WARM_UP_SECONDS = 2;

/** Hooks per second that are queued, by Sideband's routes and by a bare one, in turns; each in a process of its own. */
export async function measureRates(seconds: number): Promise<readonly RateComparison[]> {
  const { path: directory, remove } = await temporaryDirectory('ingest');
  const server = await startRedis({ directory, appendOnly: true });
  const redis = connectRedis(server.url, 'request');
  const servers: HookServer[] = [];
  try {
    await redisReady(redis);
    const bare = await startServer('bare', server.url, directory);
    servers.push(bare);
    const sideband = await startServer('sideband', server.url, directory);
    servers.push(sideband);
    const next = createHooks({ instance: INSTANCE, master: MASTER, clock: systemClock, random: Math.random });
    const turn = async (kind: keyof typeof QUEUES, proof: Proof, length: number): Promise<Rate> => {
      await redis.flushall();
      const { url } = kind === 'bare' ? bare : sideband;
      const fired = await fire(url, { connections: CONNECTIONS, seconds: length, next: () => next(proof) });
      await expectAllQueued(kind, redis, fired);
      return rateOf(fired);
    };

    const comparisons: RateComparison[] = [];
    for (const proof of PROOFS) {
      await turn('bare', proof, WARM_UP_SECONDS);
      await turn('sideband', proof, WARM_UP_SECONDS);
      const rounds: RateRound[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const ofBare = await turn('bare', proof, seconds);
        const ofSideband = await turn('sideband', proof, seconds);
        rounds.push({ bare: ofBare, sideband: ofSideband, ratio: ofSideband.perSecond / ofBare.perSecond });
      }
      comparisons.push({ proof, connections: CONNECTIONS, rounds });
    }
    return comparisons;
  } finally {
    for (const each of servers) await each.stop();
    redis.disconnect();
    await server.stop();
    await remove();
  }
}

const QUEUES = {
  bare: { name: BARE_QUEUE, prefix: BARE_PREFIX },
  sideband: { name: resolveQueueOf(INSTANCE).name, prefix: COLLECTOR_PREFIX },
} as const;

/** Every hook is one job on the queue; those that were under way at the end may be there beside. */
async function expectAllQueued(kind: keyof typeof QUEUES, redis: Redis, fired: Fired): Promise<void> {
  const { name, prefix } = QUEUES[kind];
  const queue = new Queue(name, { connection: redis, prefix, skipVersionCheck: true });
  const queued = await queue.getWaitingCount();
  await queue.close();
  const { accepted, others } = fired;
  if (others === 0 && queued >= accepted && queued <= accepted + CONNECTIONS) return;
  throw new Error(
    `Of the hooks to ${kind} ${accepted} were taken, ${others} were not, and ${queued} are queued`,
  );
}

function rateOf({ accepted, seconds, latenciesMs }: Fired): Rate {
  return {
    perSecond: accepted / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}
