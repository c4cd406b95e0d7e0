import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { JobClaim } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import { pino } from 'pino';
import { HOST, HOUR, NOON } from './evidence.suite.ts';
import { createHostEvidence } from './host-evidence.ts';
import { openLocalEvidence } from './local-evidence.ts';

/** Redis's twin behind a door that can be shut, and a timer that runs out when told. */
export async function hostBesideRedis(
  stateDirectory: string,
  options: { readonly standalone?: boolean; readonly store?: EvidenceStore } = {},
) {
  const clock = new ManualClock(NOON);
  const { store = createMemoryEvidenceStore() } = options;
  const said: { readonly level: number; readonly msg: string }[] = [];
  const log: Log = pino({ level: 'info' }, { write: (line) => void said.push(JSON.parse(line)) });
  const redis: { isAway: boolean; fails?: Error } = { isAway: false };
  const calls: string[] = [];
  const claimed: JobClaim[] = [];
  /** The method of the twin, unless the door is shut. */
  function door<A extends unknown[], R>(name: string, method: (...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      calls.push(name);
      if (redis.fails !== undefined) throw redis.fails;
      if (redis.isAway) throw new SidebandError('REDIS_UNAVAILABLE');
      return method(...args);
    };
  }
  const behindTheDoor = {
    recordUses: door('recordUses', store.recordUses.bind(store)),
    lastUses: door('lastUses', store.lastUses.bind(store)),
    recordedUses: door('recordedUses', store.recordedUses.bind(store)),
    noteRepullable: door('noteRepullable', store.noteRepullable.bind(store)),
    repullable: door('repullable', store.repullable.bind(store)),
    lease: door('lease', store.lease.bind(store)),
    leases: door('leases', store.leases.bind(store)),
    fed: door('fed', store.fed.bind(store)),
  };
  const records = {
    claimJobs: door('claimJobs', async (_: HostName, claims: readonly JobClaim[]) => {
      claimed.push(...claims);
    }),
  };
  const timers: (() => void)[] = [];
  const local = await openLocalEvidence({
    stateDirectory,
    host: HOST,
    clock,
    staleAfterMs: HOUR,
    log,
  });
  const evidence = createHostEvidence({
    local,
    store: options.standalone ? undefined : behindTheDoor,
    records,
    host: HOST,
    clock,
    log,
    schedule: (run) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
  });
  const settle = async (): Promise<void> => void (await new Promise((done) => setImmediate(done)));
  const secondPasses = async (): Promise<void> => {
    timers.shift()?.();
    await settle();
  };
  return { evidence, local, store, redis, clock, calls, claimed, said, secondPasses, settle };
}
