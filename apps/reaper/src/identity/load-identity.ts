import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText, SidebandError } from '@sideband/shared/errors';
import { quote } from '@sideband/shared/quote';
import { createOnce } from './create-once.ts';
import { hasCode } from './has-code.ts';

/** Who this host is to the others, whatever it is called: survives a change of name, and tells clones apart. */
export interface HostIdentity {
  readonly uuid: string;
}

const FILE = 'host-uuid';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads the host's UUID from the state directory, and makes both at the first start. Throws `STATE_UNUSABLE`; a
 * file with anything else in it is left as it is, since a new identity would orphan all that is known of the old one.
 */
export async function loadIdentity(stateDirectory: string): Promise<HostIdentity> {
  const path = join(stateDirectory, FILE);
  try {
    await makeDirectory(stateDirectory);
    const text = (await readIfThere(path)) ?? (await create(path));
    const uuid = text.trim();
    if (UUID.test(uuid)) return { uuid };
    throw new SidebandError('STATE_UNUSABLE', {
      path,
      reason: `it should hold a UUID and holds ${quote(text)}`,
      remedy: 'Restore the file, or delete it to begin as a new host.',
    });
  } catch (error) {
    if (error instanceof SidebandError) throw error;
    throw new SidebandError('STATE_UNUSABLE', { path, reason: errorText(error) }, { cause: error });
  }
}

/** Not its parents: a state directory in a place that does not exist is more likely a mistake, or a mount that is missing. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

async function create(path: string): Promise<string> {
  if (await createOnce(path, `${randomUUID()}\n`)) await syncDirectory(dirname(path));
  return await readFile(path, 'utf8');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The file's name is on the disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
