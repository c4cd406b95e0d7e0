import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { createFleetClock } from '@sideband/shared/fleet-clock';
import type { Log } from '@sideband/shared/log';
import { redisTime } from '@sideband/shared/redis-time';
import type { ReaperConfig } from './config.ts';
import type { Disk } from './disk/port.ts';
import type { Engine } from './engine/port.ts';
import { type HostIdentity, loadIdentity } from './identity/load-identity.ts';
import { createOwnership, type Ownership } from './identity/ownership.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Policy } from './plan/policy.ts';
import { openRedisSide } from './redis-side.ts';
import { waitForTurn } from './standby.ts';
import { beginWork, type Work } from './work.ts';

export interface ReaperParts {
  readonly config: ReaperConfig;
  readonly policy: Policy;
  readonly engine: Engine;
  readonly disk: Disk;
  /** The machine's own. */
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Also while a deletion takes its ten minutes: another container counts three minutes' silence as our end. */
const CONFIRM_MS = 30_000;
/** Redis answers sooner where it is there; where it is not, the disk is watched without it. */
const REDIS_WITHIN_MS = 2_000;

/**
 * Starts the reaper of this host. Redis may be away, or there may be none at all: the disk is watched all the same.
 * Where another reaper works already, this one stands by until that one is gone. Throws `STATE_UNUSABLE`,
 * `CONFIG_INVALID` and what the engine port throws.
 */
export async function startReaper(parts: ReaperParts): Promise<{ stop(): Promise<void> }> {
  const { config, clock, log } = parts;
  const identity = await loadIdentity(config.stateDirectory, config.host);
  sayWho(identity, log);
  const { host, uuid } = identity;
  const side =
    config.redisUrl &&
    openRedisSide({ url: config.redisUrl(), host, checkEveryMs: config.checkEveryMs, log });
  const fleetClock = createFleetClock(clock, async () => {
    if (side === undefined) throw new SidebandError('REDIS_UNAVAILABLE', { reason: 'standalone' });
    return await redisTime(side.redis);
  });
  // Asked before it is there, Redis could not say whether the host's name is taken.
  await side?.isReady(REDIS_WITHIN_MS);
  const ownership = createOwnership({
    stateDirectory: config.stateDirectory,
    socketPath: config.engine.slice('unix://'.length),
    ...(side ? { nameLock: side.nameLock } : {}),
    ...{ host, uuid, clock, log },
  });
  const ending = new AbortController();
  const begin = (): Promise<Work> => beginWork({ ...parts, identity, side, ownership, fleetClock });
  const giveUp = async (): Promise<void> => {
    await ownership.release();
    side?.disconnect();
  };
  try {
    const hold = await ownership.hold();
    const work = hold.held ? await begin() : undefined;
    const turns = takeTurns(parts, { ownership, work, begin, signal: ending.signal });
    return {
      stop: async () => {
        ending.abort();
        await turns;
        await giveUp();
        log.info({ host }, 'Reaper ended');
      },
    };
  } catch (error) {
    await giveUp();
    throw error;
  }
}

interface Turn {
  readonly ownership: Ownership;
  readonly work: Work | undefined;
  readonly begin: () => Promise<Work>;
  readonly signal: AbortSignal;
}

/** Works while nobody else does, stands by while somebody does, until the signal. */
async function takeTurns({ config, disk, metrics, log }: ReaperParts, turn: Turn): Promise<void> {
  const { ownership, begin, signal } = turn;
  // A host that is to be checked once an hour must not be without a reaper for one.
  const everyMs = Math.min(config.checkEveryMs, CONFIRM_MS);
  const pause = (milliseconds: number): Promise<boolean> =>
    sleep(milliseconds, true, { signal }).catch(() => false);
  for (let work = turn.work; !signal.aborted; work = undefined) {
    try {
      work ??= await whenAlone();
      if (work === undefined) return;
      while ((await pause(CONFIRM_MS)) && (await isStillOurs()));
      await work.stop();
    } catch (error) {
      log.error({ err: error }, 'The reaper could not take its turn');
      await ownership.release();
      await pause(everyMs);
    }
  }

  async function whenAlone(): Promise<Work | undefined> {
    const onRefused = (): void => metrics.lockAnswered(false);
    return (await waitForTurn({ ownership, disk, everyMs, pause, onRefused, log })) ? begin() : undefined;
  }

  async function isStillOurs(): Promise<boolean> {
    const hold = await ownership.hold().catch((error: unknown) => {
      log.warn({ err: error }, 'The lock could not be confirmed');
    });
    metrics.lockAnswered(hold?.held !== false);
    return hold?.held !== false;
  }
}

function sayWho({ host, renamedFrom, hostnameChanged, machineName }: HostIdentity, log: Log): void {
  if (renamedFrom !== undefined) log.warn({ host, renamedFrom }, 'The host has another name from now on');
  if (hostnameChanged) {
    log.warn(
      { host, machineName },
      'The machine is called otherwise now; the host keeps its name until SIDEBAND_HOST is set',
    );
  }
}
