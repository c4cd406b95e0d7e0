import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { ManualClock } from '@sideband/shared/clock';
import type { NameLock } from '@sideband/shared/hosts/lock';
import { type Log, silentLog } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import { createOwnership, type Ownership } from './ownership.ts';

export const HOST = 'runner-7' as HostName;
export const UUID_A = '0a1b2c3d-0000-4000-8000-00000000000a';
export const UUID_B = '0a1b2c3d-0000-4000-8000-00000000000b';

/** A machine with one engine, whose socket is in `run` and whose directory has the name `link` as well. */
export interface Machine {
  readonly path: string;
  readonly run: string;
  readonly socket: string;
  readonly socketByLink: string;
  readonly clock: ManualClock;
  /** What was logged: level and text. */
  readonly said: string[];
  /** The path of a state directory, made if missing. */
  state(name: string): Promise<string>;
  reaper(options: {
    readonly state: string;
    readonly socket?: string;
    readonly nameLock?: NameLock;
    readonly uuid?: string;
  }): Promise<Ownership>;
  remove: TemporaryDirectory['remove'];
}

export async function aMachine(): Promise<Machine> {
  const directory = await temporaryDirectory('ownership');
  const run = join(directory.path, 'run');
  const link = join(directory.path, 'var-run');
  await mkdir(run);
  await symlink(run, link);
  await writeFile(join(run, 'engine.sock'), '');
  const clock = new ManualClock(Date.now());
  const said: string[] = [];
  const log = logTo(said);
  const state = async (name: string): Promise<string> => {
    const path = join(directory.path, name);
    await mkdir(path, { recursive: true });
    return path;
  };
  return {
    path: directory.path,
    run,
    socket: join(run, 'engine.sock'),
    socketByLink: join(link, 'engine.sock'),
    clock,
    said,
    state,
    reaper: async ({ state: name, socket, nameLock, uuid = UUID_A }) =>
      createOwnership({
        stateDirectory: await state(name),
        socketPath: socket ?? join(run, 'engine.sock'),
        ...(nameLock === undefined ? {} : { nameLock }),
        host: HOST,
        uuid,
        clock,
        log,
      }),
    remove: directory.remove,
  };
}

function logTo(said: string[]): Log {
  const at = (level: string) => (_: object, text: string) => said.push(`${level} ${text}`);
  return Object.assign(silentLog(), { info: at('info'), warn: at('warn'), error: at('error') });
}
