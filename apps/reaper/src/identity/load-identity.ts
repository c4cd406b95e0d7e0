import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorText, SidebandError } from '@sideband/shared/errors';
import { type HostName, parseHostName } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';
import { writeAtomically } from '@sideband/shared/write-atomically';
import { createOnce } from './create-once.ts';
import { hasCode } from './has-code.ts';
import { resolveHostName } from './host-name.ts';

/** Who this host is to the others. */
export interface HostIdentity {
  /** Survives a change of name, and tells machines apart that have the same. */
  readonly uuid: string;
  /** What the host is called in the fleet: its queue, its evidence and its report in Redis are under this name. */
  readonly host: HostName;
  /** This is the first start with this state directory. */
  readonly isNew: boolean;
  /** What the host was called until this start, where the operator has given it another name. */
  readonly renamedFrom: HostName | undefined;
  /** The machine's own name in lower case. */
  readonly machineName: string;
  /** Nobody has renamed the host, and yet the machine is called otherwise: the host goes on under its old name. */
  readonly hostnameChanged: boolean;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads from the state directory who this host is, and makes what is missing at the first start. The name is the
 * configured one (another than before is a rename), else the remembered one, else the machine's: DHCP, a container made
 * anew or a cloud's whim must not orphan all that is known under a name.
 *
 * Throws `STATE_UNUSABLE`; a file with anything else in it is left as it is, since a new identity would orphan what is
 * known of the old one. Throws `CONFIG_INVALID` if there is no other name than a machine's that cannot be used.
 */
export async function loadIdentity(
  stateDirectory: string,
  configured?: HostName,
  machine: string = hostname(),
): Promise<HostIdentity> {
  // The name first: where none is to be had, nothing was begun.
  const name = await loadName(stateDirectory, configured, machine);
  const { uuid, isNew } = await loadUuid(stateDirectory);
  const machineName = machine.toLowerCase();
  const hostnameChanged = configured === undefined && name.host !== machineName;
  return { uuid, isNew, ...name, machineName, hostnameChanged };
}

function loadUuid(stateDirectory: string): Promise<{ readonly uuid: string; readonly isNew: boolean }> {
  return usingFile(stateDirectory, 'host-uuid', async (path) => {
    const { text, isNew } = await readOrCreate(path, () => `${randomUUID()}\n`);
    const uuid = text.trim();
    if (UUID.test(uuid)) return { uuid, isNew };
    throw damaged(path, 'a UUID', text, 'Restore the file, or delete it to begin as a new host.');
  });
}

function loadName(
  stateDirectory: string,
  configured: HostName | undefined,
  machine: string,
): Promise<Pick<HostIdentity, 'host' | 'renamedFrom'>> {
  return usingFile(stateDirectory, 'host-name', async (path) => {
    const { text } = await readOrCreate(path, () => `${resolveHostName(configured, machine)}\n`);
    const name = parseHostName(text.trim());
    if (!name.ok) {
      const remedy = 'Restore the file, or delete it: SIDEBAND_HOST or the machine’s own name is taken then.';
      throw damaged(path, 'a host name', text, remedy);
    }
    if (configured === undefined || configured === name.value) {
      return { host: name.value, renamedFrom: undefined };
    }
    await writeAtomically(path, `${configured}\n`);
    return { host: configured, renamedFrom: name.value };
  });
}

async function usingFile<T>(
  stateDirectory: string,
  file: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(stateDirectory, file);
  try {
    await makeDirectory(stateDirectory);
    return await use(path);
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

async function readOrCreate(
  path: string,
  content: () => string,
): Promise<{ readonly text: string; readonly isNew: boolean }> {
  try {
    return { text: await readFile(path, 'utf8'), isNew: false };
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const isNew = await createOnce(path, content());
  return { text: await readFile(path, 'utf8'), isNew };
}

function damaged(path: string, expected: string, text: string, remedy: string): SidebandError {
  const reason = `it should hold ${expected} and holds ${quote(text)}`;
  return new SidebandError('STATE_UNUSABLE', { path, reason, remedy });
}
