import { existsSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { quote } from '@sideband/shared/quote';
import { type Ledger, readLedger, removeLedger, writeLedger } from './ledger.ts';
import { detachLoops, mountsBelow, unmount } from './mounts.ts';
import { isAlive } from './process-identity.ts';
import { processesOf } from './process-table.ts';
import { isRunDirectory } from './sandbox-room.ts';
import { until } from './until.ts';

/** What a killed run had left. */
export interface Swept {
  readonly processes: number;
  readonly mounts: number;
  readonly loops: number;
  readonly paths: number;
}

/**
 * Undoes what a killed run left in this directory, then begins a ledger there. Throws when its owner still lives, and
 * when the directory holds anything that no ledger of ours speaks of.
 */
export async function openLedger(directory: string): Promise<Ledger> {
  const root = resolve(directory);
  const owner = readLedger(root)?.owner;
  if (owner === undefined) await refuseForeign(root);
  if (owner?.pid !== process.pid || !isAlive(owner)) await sweep(root);
  return writeLedger(root);
}

/**
 * Undoes what the owner of the directory's ledger left when it was killed: kills the processes, unmounts, detaches
 * loop devices, removes the recorded paths. Touches nothing that is not recorded there or lies below the directory.
 * Throws, having touched nothing, when the owner still lives. Without a ledger there is nothing to do.
 */
export async function sweep(directory: string): Promise<Swept> {
  const root = resolve(directory);
  const ledger = readLedger(root);
  if (ledger === undefined) return { processes: 0, mounts: 0, loops: 0, paths: 0 };
  if (ledger.owner !== undefined && isAlive(ledger.owner)) {
    throw new Error(`${root} is in use by process ${ledger.owner.pid}`);
  }
  const outside = ledger.paths.filter((path) => !path.startsWith(`${root}/`));
  const stray = outside.find((path) => !isRunDirectory(path));
  if (stray !== undefined)
    throw new Error(`${root} has a ledger that names ${quote(stray)}, which is not ours`);
  const places = [root, ...outside];
  const killed = new Set<number>();
  await until(`the end of what process ${ledger.owner?.pid} started`, async () => {
    // Again until none is found: one that was starting another may have been quicker than the list.
    const found = await processesOf(ledger.children.filter(isAlive), places);
    for (const pid of found) if (kill(pid)) killed.add(pid);
    return found.length === 0;
  });
  let mounts = 0;
  let loops = 0;
  for (const place of places) {
    mounts += (await mountsBelow(place)).length;
    await unmount(place);
    loops += (await detachLoops(place)).length;
  }
  const paths = ledger.paths.filter((path) => existsSync(path));
  for (const path of paths) await rm(path, { recursive: true, force: true });
  removeLedger(root);
  return { processes: killed.size, mounts, loops, paths: paths.length };
}

/**
 * Sweeps and removes the temporary directories that killed test runs left. Leaves alone those whose owner lives, those
 * of other users, and those without a ledger. Answers the directories removed.
 */
export async function sweepTemporaryDirectories(): Promise<readonly string[]> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith('sideband-'));
  const removed: string[] = [];
  for (const directory of names.map((name) => join(tmpdir(), name))) {
    const state = await lstat(directory).catch(() => undefined);
    if (!state?.isDirectory() || state.uid !== process.getuid?.()) continue;
    const inside = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const places = [directory, ...inside.map((entry) => join(directory, entry.name))].filter(hasLedger);
    if (places.length === 0 || places.some(hasLivingOwner)) continue;
    for (const place of places) await sweep(place);
    await rm(directory, { recursive: true, force: true });
    removed.push(directory);
  }
  return removed;
}

function hasLedger(directory: string): boolean {
  return readLedger(directory) !== undefined;
}

function hasLivingOwner(directory: string): boolean {
  const owner = readLedger(directory)?.owner;
  return owner !== undefined && isAlive(owner);
}

/** A sweep ends, unmounts and removes what is below its directory: it must never begin where something else is. */
async function refuseForeign(root: string): Promise<void> {
  const inside = await readdir(root).catch(() => []);
  if (inside.length > 0) throw new Error(`${root} is not empty and not ours: name a new directory`);
  if ((await mountsBelow(root)).length > 0)
    throw new Error(`${root} is a mount point: name a directory in it`);
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
