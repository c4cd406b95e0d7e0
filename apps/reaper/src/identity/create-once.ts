import { randomUUID } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '@sideband/shared/write-atomically';
import { hasCode } from './has-code.ts';

/**
 * Makes a file with its whole content, or not at all, and only if it is not there yet: false if it is. It is on the
 * disk when this returns. Throws what the file system throws.
 */
export async function createOnce(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link fails where a rename would replace: of two that start at once, one wins and both know it.
    await link(temporary, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
  return true;
}
