import { execFile } from 'node:child_process';
import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Takes room in a directory until `freeBytes` are left on its filesystem, a few blocks less at most; 0 leaves none at all.
 * Takes nothing where there is less already. Blocks are reserved, not written: it is a matter of milliseconds.
 */
export async function fillTo(
  directory: string,
  freeBytes: number,
): Promise<{ readonly bytes: number; remove(): Promise<void> }> {
  const path = join(directory, 'filler');
  await writeFile(path, '', { flag: 'wx' });
  const { bavail, bsize } = await statfs(directory);
  const room = bavail * bsize - freeBytes;
  if (room > 0) await run('fallocate', ['--length', String(room), path]).catch(unlessFull);
  const { blocks } = await stat(path);
  return { bytes: blocks * 512, remove: () => rm(path, { force: true }) };
}

/** The file's own metadata takes a block or two of the last ones; what could be reserved stays reserved. */
function unlessFull(error: unknown): void {
  if (!String(error).includes('No space left on device')) throw error;
}
