import { randomBytes } from 'node:crypto';
import { lstat, lutimes, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@sideband/shared/clock';
import { errorText, SidebandError } from '@sideband/shared/errors';
import { hasCode } from './has-code.ts';
import { isRunning, ownStamp, type ProcessStamp } from './process-stamp.ts';

export type Hold =
  | { readonly held: true }
  /** Another reaper works with this state directory; `pid` as that one counts, undefined if it cannot be read. */
  | { readonly held: false; readonly pid: number | undefined };

export interface HostLock {
  /** Takes the lock, or confirms that it is still ours. To be called before every reap, at least once a minute. */
  hold(): Promise<Hold>;
  release(): Promise<void>;
}

/** From where a holder's process cannot be seen (another container), it counts as gone after three minutes' silence. */
const SILENT_AFTER_MS = 3 * 60_000;
const FORMAT = /^(\d+) (\d*) (\S*) \S+$/;

/**
 * One reaper a state directory. A process that was killed holds nothing: the lock names it, with its start time.
 *
 * The lock is a symbolic link to nowhere, since making one is atomic, fails if there is one, and carries its text in the
 * inode: it needs no free block on a disk that is full. Methods throw `STATE_UNUSABLE`.
 */
export function createHostLock(stateDirectory: string, clock: Clock): HostLock {
  const path = join(stateDirectory, 'lock');
  const token = randomBytes(4).toString('hex');

  async function hold(): Promise<Hold> {
    const own = await ownStamp();
    const text = format(own, token);
    // Every round but the last found the lock stale or vanished; a third time is somebody else's luck.
    for (let round = 0; round < 3; round += 1) {
      if (await claim(path, text)) return { held: true };
      const found = await read(path);
      if (found === undefined) continue;
      if (found.text === text) {
        await lutimes(path, new Date(clock.now()), new Date(clock.now()));
        return { held: true };
      }
      const holder = parse(found.text);
      if (!(await isGone(holder, own, clock.now() - found.touchedAt)))
        return { held: false, pid: holder?.pid };
      await setAside(path, found.text, token);
    }
    return { held: false, pid: undefined };
  }

  async function release(): Promise<void> {
    const found = await read(path);
    if (found?.text === format(await ownStamp(), token)) await unlink(path);
  }

  async function orUnusable<T>(attempt: Promise<T>): Promise<T> {
    try {
      return await attempt;
    } catch (error) {
      throw new SidebandError('STATE_UNUSABLE', { path, reason: errorText(error) }, { cause: error });
    }
  }

  return { hold: () => orUnusable(hold()), release: () => orUnusable(release()) };
}

async function claim(path: string, text: string): Promise<boolean> {
  try {
    await symlink(text, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function read(
  path: string,
): Promise<{ readonly text: string; readonly touchedAt: number } | undefined> {
  try {
    const { mtimeMs } = await lstat(path);
    return { text: await readlink(path), touchedAt: mtimeMs };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Takes a stale lock away. If somebody else did so first and we took theirs, it is put back. */
async function setAside(path: string, stale: string, token: string): Promise<void> {
  const aside = `${path}.${token}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const taken = await readlink(aside);
  if (taken !== stale) await claim(path, taken);
  await unlink(aside);
}

async function isGone(
  holder: ProcessStamp | undefined,
  own: ProcessStamp,
  silentForMs: number,
): Promise<boolean> {
  if (holder?.realm === own.realm) return !(await isRunning(holder));
  return silentForMs > SILENT_AFTER_MS;
}

function format(stamp: ProcessStamp, token: string): string {
  return `${stamp.pid} ${stamp.start} ${stamp.realm} ${token}`;
}

function parse(text: string): ProcessStamp | undefined {
  const [, pid, start, realm] = FORMAT.exec(text) ?? [];
  if (pid === undefined || start === undefined || realm === undefined) return undefined;
  return { pid: Number(pid), start, realm };
}
