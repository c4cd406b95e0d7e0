import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readBootId } from './boot-id.ts';

/**
 * A text that is the same for every reaper beside one engine until the machine restarts, and for no other engine: 32 hex
 * digits, or '' if that cannot be told. By it the collector finds two reapers on one engine that see no lock of each
 * other's, such as in two containers.
 *
 * It is not the engine's own id: Podman's is another with every call (4.3.1), and clones of a machine share Docker's.
 * It is what cannot be cloned or be had twice: the kernel's boot, which containers share and machines do not, and the
 * directory where the engine keeps its images, by device and inode, which a bind mount keeps whatever it is called there.
 * The engine's own name for it tells engines apart whose roots are shown as one directory above both.
 */
export async function fingerprintEngine(
  /** The engine's first image root, as the engine calls it. */
  root: string,
  /** The same as it is seen from here. */
  view: string,
  bootId: () => Promise<string> = readBootId,
): Promise<string> {
  const boot = await bootId();
  const inode = await inodeOf(view);
  if (boot === '' || inode === undefined) return '';
  return createHash('sha256').update(`${boot}\n${inode}\n${root}`).digest('hex').slice(0, 32);
}

async function inodeOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
