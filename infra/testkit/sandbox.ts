import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorText } from '@sideband/shared/errors';
import Dockerode from 'dockerode';
import { type Child, startChild } from './child.ts';
import type { Ledger } from './ledger.ts';
import { mountLoopDisk, unmount } from './mounts.ts';
import { prepareRoom, type Room } from './sandbox-room.ts';
import { isOnSearchPath, searchPath } from './search-path.ts';
import { openLedger } from './sweep.ts';
import { until } from './until.ts';

export interface SandboxOptions {
  /** Where disk, sockets and logs go; made if missing. One sandbox a directory. */
  readonly directory: string;
  /** Of the disk; about 5 % less can be used. */
  readonly diskBytes: number;
  /** All that the engine pulls comes from here; without it nothing can be pulled. */
  readonly proxyUrl?: string;
  /** Registries that the proxy serves without TLS, as in `registry.example.com`. */
  readonly insecureRegistries?: readonly string[];
  /** Who remembers what was started in case this process is killed; a ledger in `directory` unless told. */
  readonly ledger?: Ledger;
}

export interface Sandbox {
  readonly socketPath: string;
  /** The engine's data root, and the mount point of a disk that holds nothing else. */
  readonly dataRoot: string;
  /** Of dockerd. */
  readonly pid: number;
  readonly docker: Dockerode;
  /** Stops the engine with its containers, unmounts and removes the disk. Safe to call twice. */
  stop(): Promise<void>;
}

/** Why no sandbox can be had on this machine, in one sentence; undefined when it can. */
export function whyNoSandbox(): string | undefined {
  if (process.platform !== 'linux') return 'a container engine of our own needs Linux';
  if (process.getuid?.() !== 0) return 'a container engine of our own needs root';
  const missing = ['dockerd', 'containerd', 'mkfs.ext4', 'losetup', 'fallocate'].find(
    (it) => !isOnSearchPath(it),
  );
  if (missing !== undefined) return `${missing} is not installed`;
  const loop = spawnSync('losetup', ['--find'], { env: { PATH: searchPath() } });
  return loop.status === 0 ? undefined : 'this machine has no loop device to make a small disk of';
}

/**
 * A real dockerd with containerd, both our own, whose images are on a disk of `diskBytes` that really fills.
 * It has no network (`NetworkMode: none`) and reads nothing of the machine's own engine or its configuration.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const reason = whyNoSandbox();
  if (reason !== undefined) throw new Error(`No sandbox: ${reason}`);
  const directory = resolve(options.directory);
  const ledger = options.ledger ?? (await openLedger(directory));
  const room = await prepareRoom({ ...options, directory, ledger });
  const servers: Child[] = [];
  const stop = async (): Promise<void> => {
    // The last one first: dockerd stops its containers through containerd, and gives them 15 s.
    for (let server = servers.pop(); server !== undefined; server = servers.pop()) await server.stop(20_000);
    for (const path of room.paths) await unmount(path);
    for (const path of room.paths) await rm(path, { recursive: true, force: true });
  };
  try {
    await mountLoopDisk({ file: room.diskFile, mountPoint: room.dataRoot, bytes: options.diskBytes });
    const start = serverStarter(room, ledger, options.proxyUrl);
    const containerd = await start('containerd', ['--config', room.containerdConfig]);
    servers.push(containerd);
    await untilReady(containerd, 'containerd', async () => existsSync(room.containerdSocket));
    const dockerd = await start('dockerd', ['--config-file', room.dockerdConfig]);
    servers.push(dockerd);
    const docker = new Dockerode({ socketPath: room.socketPath });
    await untilReady(dockerd, 'dockerd', async () => (await docker.ping()) !== undefined);
    return { socketPath: room.socketPath, dataRoot: room.dataRoot, pid: dockerd.pid, docker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function serverStarter(
  room: Room,
  ledger: Ledger,
  proxyUrl: string | undefined,
): (command: string, args: readonly string[]) => Promise<Child> {
  const proxy = proxyUrl === undefined ? {} : { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl };
  // Nothing else of our own environment: a proxy set there would let pulls out of the machine.
  const env = { PATH: searchPath(), ...proxy };
  return (command, args) =>
    startChild({
      command,
      args,
      env,
      directory: room.directory,
      logFile: join(room.directory, `${command}.log`),
      ledger,
    });
}

/** Throws with the end of the server's log when it stops or stays silent for 30 s. */
async function untilReady(server: Child, name: string, probe: () => Promise<boolean>): Promise<void> {
  try {
    const state = await until(
      `${name} to answer`,
      async () => (server.hasExited() ? 'exited' : (await probe()) && 'ready'),
      { timeoutMs: 30_000 },
    );
    if (state === 'ready') return;
  } catch (error) {
    throw new Error(`${errorText(error)}; the end of its log:\n${await server.logTail()}`, { cause: error });
  }
  throw new Error(`${name} stopped at once; the end of its log:\n${await server.logTail()}`);
}
