import { randomBytes } from 'node:crypto';
import { lstat, lutimes, readlink, rename, symlink, unlink } from 'node:fs/promises';
import type { Clock } from '@sideband/shared/clock';
import { hasCode } from './has-code.ts';
import { isRunning, ownStamp, type ProcessStamp } from './process-stamp.ts';

export type LocalHold =
  | { readonly held: true }
  /** Another process has it; `pid` as that one counts, undefined if it cannot be read. */
  | { readonly held: false; readonly pid: number | undefined };

/** Methods throw what the file system throws. */
export interface PathLock {
  /** Takes the lock, or confirms that it is still ours. To be called before every reap, at least once a minute. */
  hold(): Promise<LocalHold>;
  /** Lets go of it if it is ours. */
  release(): Promise<void>;
}

/** From where a holder's process cannot be seen (another container), it counts as gone after three minutes' silence. */
const SILENT_AFTER_MS = 3 * 60_000;
const FORMAT = /^(\d+) (\d*) (\S*) \S+$/;

/**
 * One holder a path. A process that was killed holds nothing: the lock names it, with its start time.
 *
 * The lock is a symbolic link to nowhere, since making one is atomic, fails if there is one, and carries its text in the
 * inode: it needs no free block on a disk that is full. `clock` is the machine's own: the link's times are compared with it.
 */
export function createPathLock(path: string, clock: Clock): PathLock {
  const token = randomBytes(4).toString('hex');

  async function hold(): Promise<LocalHold> {
    const own = await ownStamp();
    const text = format(own, token);
    // Every round but the last found the lock stale or vanished; a third time is somebody else's luck.
    for (let round = 0; round < 3; round += 1) {
      if (await claim(path, text)) return { held: true };
      const found = await read(path);
      if (found === undefined) continue;
      if (found.text === text) {
        // It is ours by its text; a file system that has become read-only or is full must not end the eviction.
        await lutimes(path, new Date(clock.now()), new Date(clock.now())).catch(() => undefined);
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

  return { hold, release };
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
