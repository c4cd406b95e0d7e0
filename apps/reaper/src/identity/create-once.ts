import { randomUUID } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { hasCode } from './has-code.ts';

/**
 * Makes a file with its whole content, or not at all, and only if it is not there yet: false if it is. It is on the
 * disk when this returns. Throws what the file system throws.
 */
export async function createOnce(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
    // A link fails where a rename would replace: of two that start at once, one wins and both know it.
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await handle.close();
    await unlink(temporary);
  }
}
