import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sideband/shared/clock';
import { createRedisEvidenceStore } from '@sideband/shared/evidence/redis-store';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import type { Log } from '@sideband/shared/log';
import { logConnection } from '@sideband/shared/log-connection';
import { hostQueue, hostQueuePrefix } from '@sideband/shared/queues/catalogue';
import { createProducer } from '@sideband/shared/queues/producer';
import { createWorker } from '@sideband/shared/queues/worker';
import { connectRedis } from '@sideband/shared/redis';
import { whenRedisIsReady } from '@sideband/shared/when-redis-is-ready';
import type { ReaperConfig } from './config.ts';
import { createCycle } from './cycle.ts';
import type { Disk } from './disk/port.ts';
import type { Engine } from './engine/port.ts';
import { createEvidenceReader } from './evidence-reader.ts';
import { createHeartbeat } from './heartbeat.ts';
import { resolveHostName } from './identity/host-name.ts';
import { loadIdentity } from './identity/load-identity.ts';
import { createHostLock } from './identity/lock.ts';
import { createLookout } from './lookout.ts';
import type { Policy } from './plan/policy.ts';
import { createJournal } from './reap/journal.ts';
import { openMemoryOfImages } from './reap/memory-of-images.ts';
import { createNamesNote } from './reap/names-note.ts';
import { requireLock } from './require-lock.ts';

export interface ReaperParts {
  readonly config: ReaperConfig;
  readonly policy: Policy;
  readonly engine: Engine;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** Also while a deletion takes its ten minutes: another container counts three minutes' silence as our end. */
const CONFIRM_LOCK_MS = 30_000;

/**
 * Starts the reaper of this host: the look at the disk, the worker on the host's own queue, the heartbeat.
 * Redis may be away: the disk is watched meanwhile. Throws `STATE_UNUSABLE` and `ENGINE_UNAVAILABLE`.
 */
export async function startReaper(parts: ReaperParts): Promise<{ stop(): Promise<void> }> {
  const { config, policy, engine, disk, clock, log } = parts;
  const host = resolveHostName(config.host);
  const { uuid } = await loadIdentity(config.stateDirectory);
  const lock = createHostLock(config.stateDirectory, clock);
  await requireLock(lock, config.stateDirectory);
  const { name: engineName } = await engine.describe();

  const redis = connectRedis(config.redisUrl(), 'request');
  const workerRedis = connectRedis(config.redisUrl(), 'worker');
  logConnection(redis, 'request', log);
  logConnection(workerRedis, 'worker', log);
  const store = createRedisEvidenceStore(redis, DEFAULT_BOUNDS, log);
  const records = createRedisHostRecords(redis, log);
  const memory = await openMemoryOfImages(config.stateDirectory, log);
  const cycle = createCycle({
    host,
    engine,
    engineName,
    disk,
    evidence: createEvidenceReader(store, host, clock, log),
    records,
    journal: createJournal(config.stateDirectory, host, records, log),
    memory,
    note: createNamesNote(config.stateDirectory, memory.rememberDigests),
    policy,
    holdLock: () => lock.hold(),
    clock,
    pause: sleep,
    log,
  });

  const connection = { connection: redis, prefix: hostQueuePrefix(host) };
  const producer = createProducer(hostQueue, connection);
  const beat = createHeartbeat({ host, uuid, policy, config, records, clock, log });
  const worker = createWorker(
    hostQueue,
    {
      check: async () => {
        // Whatever is wrong with the heartbeat, the disk fills all the same.
        await beat().catch((error) => log.warn({ err: error }, 'The heartbeat could not be delivered'));
        return await cycle({ kind: 'check' });
      },
      plan: () => cycle({ kind: 'plan' }),
      reap: ({ freeBytes }) => cycle({ kind: 'reap', freeBytes }),
    },
    { connection: workerRedis, prefix: connection.prefix, log },
  );
  const lookout = createLookout({
    disk,
    policy,
    cycle,
    clock,
    log,
    everyMs: config.lookEveryMs,
  });
  // Also after Redis was away: it may have come back empty, without the schedule.
  whenRedisIsReady(redis, log, async () => {
    await producer.schedule('check', config.checkEveryMs, {});
    await beat();
  });
  lookout.start();
  const confirming = setInterval(() => {
    lock.hold().catch((error) => log.warn({ err: error }, 'The lock could not be confirmed'));
  }, CONFIRM_LOCK_MS);
  log.info({ host, uuid, engine: engineName, mode: policy.mode }, 'Reaper runs');
  return {
    stop: async () => {
      clearInterval(confirming);
      lookout.stop();
      await worker.close();
      await producer.close();
      await lookout.idle();
      redis.disconnect();
      workerRedis.disconnect();
      await lock.release();
      log.info({ host }, 'Reaper ended');
    },
  };
}
