import { join } from 'node:path';
import type { Clock } from '@sideband/shared/clock';
import { errorText, SidebandError } from '@sideband/shared/errors';
import type { NameLock } from '@sideband/shared/hosts/lock';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import { hasCode } from './has-code.ts';
import { createNameHold, type NameHold, nameHolder, uuidOf } from './name-hold.ts';
import { createPathLock, type LocalHold, type PathLock } from './path-lock.ts';
import { createSocketLock } from './socket-lock.ts';

export type Hold =
  | { readonly held: true }
  | {
      readonly held: false;
      /** Which lock another reaper has. */
      readonly lock: 'state-directory' | 'engine-socket' | 'host-name';
      /** The lock's path, or the name. */
      readonly at: string;
      /** `process 4711`, as that one counts; `host` and its UUID. */
      readonly holder: string;
      /** What the operator should do. */
      readonly remedy: string;
    };

/** Whether this reaper is the only one that works on its engine. Calls at once are carried out one after the other. */
export interface Ownership {
  /**
   * Takes what must be had, or confirms it: all of it or nothing. To be called before every reap, at least once in 30 s.
   * Throws `STATE_UNUSABLE`.
   */
  hold(): Promise<Hold>;
  /** Lets go of everything that is ours. Throws nothing. */
  release(): Promise<void>;
}

/**
 * One reaper a state directory, one an engine's socket, one a host name in the fleet, taken in this order. Who cannot
 * have a later one gives the earlier ones back, or two that each miss one would both stand still.
 * `clock` is the machine's own, not the fleet's: a file system's times are compared with it.
 */
export function createOwnership(parts: {
  readonly stateDirectory: string;
  /** Of the engine. */
  readonly socketPath: string;
  /** None where there is no Redis. */
  readonly nameLock?: NameLock;
  readonly host: HostName;
  readonly uuid: string;
  readonly clock: Clock;
  readonly log: Log;
}): Ownership {
  const { stateDirectory, socketPath, nameLock, host, uuid, clock, log } = parts;
  const statePath = join(stateDirectory, 'lock');
  const state = createPathLock(statePath, clock);
  const socket = createSocketLock(socketPath, clock, log);
  let name: NameHold | undefined;
  let isNameOurs = false;
  let turn: Promise<unknown> = Promise.resolve();

  async function hold(): Promise<Hold> {
    const stateHold = await holdState();
    if (!stateHold.held) {
      // Whoever has the state directory is the same holder to the name's lock, so that one is left as it is.
      isNameOurs = false;
      await socket.release();
      return refusedBy(stateHold, 'state-directory', statePath);
    }
    const socketHold = await socket.hold();
    if (socketHold?.held === false) {
      await releaseName();
      await state.release();
      return refusedBy(socketHold, 'engine-socket', socket.path());
    }
    if (nameLock === undefined) return { held: true };
    name ??= createNameHold(nameLock, host, await nameHolder(uuid, stateDirectory));
    const nameHold = await name.hold();
    isNameOurs = nameHold.held;
    if (nameHold.held) return { held: true };
    await socket.release();
    await state.release();
    const holder = uuidOf(nameHold.holder);
    const remedy = holder === uuid ? COPIED : SAME_NAME;
    return { held: false, lock: 'host-name', at: host, holder: `host ${holder}`, remedy };
  }

  /** Making a lock takes an inode, and a disk without one is what the reaper is there for: then the other locks count alone. */
  async function holdState(): Promise<LocalHold> {
    try {
      return await state.hold();
    } catch (error) {
      if (!hasCode(error, 'ENOSPC')) throw error;
      log.warn({ path: statePath }, 'No room for a lock in the state directory; the other locks count alone');
      return { held: true };
    }
  }

  async function releaseName(): Promise<void> {
    if (isNameOurs) await name?.release();
    isNameOurs = false;
  }

  async function release(): Promise<void> {
    await releaseName();
    await socket.release();
    await releaseLogging(state, statePath, log);
  }

  // Else what one call gives back, another in the same moment would take for held.
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = turn.then(act);
    turn = next.catch(() => undefined);
    return next;
  }

  return {
    hold: () => inTurn(() => orUnusable(hold(), statePath)),
    release: () => inTurn(release),
  };
}

const ONE_OF_TWO =
  'Stop one of the two reapers; the other one works as soon as it is alone. One that was killed in another container, or ended with the machine, counts as gone after three minutes.';
const SAME_NAME =
  'Give one of the two machines another name with SIDEBAND_HOST. One that was made anew, or has lost its state directory, takes over when the old reaper has been gone for 90 seconds.';
const COPIED =
  'The state directory was copied from a machine that runs: empty one of the two, and that machine begins as a new host. After a restart of this machine it is its own name, free within 90 seconds.';

function refusedBy(
  hold: Extract<LocalHold, { readonly held: false }>,
  lock: 'state-directory' | 'engine-socket',
  at: string,
): Hold {
  const holder = hold.pid === undefined ? 'a process that cannot be told' : `process ${hold.pid}`;
  return { held: false, lock, at, holder, remedy: ONE_OF_TWO };
}

async function orUnusable(hold: Promise<Hold>, path: string): Promise<Hold> {
  try {
    return await hold;
  } catch (error) {
    if (error instanceof SidebandError) throw error;
    throw new SidebandError('STATE_UNUSABLE', { path, reason: errorText(error) }, { cause: error });
  }
}

async function releaseLogging(lock: PathLock, path: string, log: Log): Promise<void> {
  try {
    await lock.release();
  } catch (error) {
    log.warn({ path, reason: errorText(error) }, 'The state directory’s lock stays behind');
  }
}
