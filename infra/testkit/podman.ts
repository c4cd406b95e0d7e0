import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import Dockerode from 'dockerode';
import { type Child, startChild } from './child.ts';
import type { Ledger } from './ledger.ts';
import { endAllBelow, untilServing } from './podman-processes.ts';
import {
  checkPodmanDirectory,
  type PodmanRoom,
  type PodmanSupply,
  preparePodmanRoom,
} from './podman-room.ts';
import { isOnSearchPath, searchPath } from './search-path.ts';
import { openLedger } from './sweep.ts';

export interface PodmanOptions extends PodmanSupply {
  /** Where storage, socket and log go; made if missing. One Podman a directory. */
  readonly directory: string;
  /** Who remembers what was started in case this process is killed; a ledger in `directory` unless told. */
  readonly ledger?: Ledger;
}

export interface Podman {
  readonly socketPath: string;
  /** Podman's graph root. */
  readonly dataRoot: string;
  /** Through the Docker-compatible API. */
  readonly docker: Dockerode;
  /** Ends the service alone, as its socket unit does between calls; containers go on running. */
  endService(): Promise<void>;
  /** Starts it again. */
  beginService(): Promise<void>;
  /** Removes all containers, stops the service and removes its storage. Safe to call twice. */
  stop(): Promise<void>;
}

/** The service ends at once; its log may have to be written. */
const STOP_MS = 10_000;

/** Why no Podman of our own can be had on this machine, in one sentence; undefined when it can. */
export function whyNoPodman(): string | undefined {
  if (process.platform !== 'linux') return 'a Podman of our own needs Linux';
  if (process.getuid?.() !== 0) return 'a Podman of our own needs root';
  const missing = ['podman', 'conmon', 'runc', 'unshare'].find((it) => !isOnSearchPath(it));
  return missing === undefined ? undefined : `${missing} is not installed`;
}

/**
 * In a mount namespace of its own, this Podman sees our directories where the machine's own one keeps configuration,
 * caches and state. What it mounts for containers is seen by nobody else, and goes with the last of its processes.
 */
const START = `set -e
mount --bind "$1" /etc/containers
mount --bind "$2" /var/lib
mount --bind "$3" /run
shift 3
exec podman "$@"`;

/** A real Podman behind its Docker-compatible API, as root. Of the machine's own it neither reads nor changes anything. */
export async function startPodman(options: PodmanOptions): Promise<Podman> {
  const reason = whyNoPodman();
  if (reason !== undefined) throw new Error(`No Podman: ${reason}`);
  const directory = resolve(options.directory);
  checkPodmanDirectory(directory);
  const ledger = options.ledger ?? (await openLedger(directory));
  const room = await preparePodmanRoom({ ...options, directory, ledger });
  const docker = new Dockerode({ socketPath: room.socketPath });
  let service: Child | undefined;
  const beginService = async (): Promise<void> => {
    service = await startService(room, ledger, options.proxyUrl);
    await untilServing(service, () => docker.ping());
  };
  const endService = async (): Promise<void> => await service?.stop(STOP_MS);
  const stop = async (): Promise<void> => {
    // The service does it best while it is there: cgroups go with their containers.
    if (service?.hasExited() === false) await removeContainers(docker);
    await endService();
    await endAllBelow(room.path);
    await rm(room.path, { recursive: true, force: true });
  };
  try {
    await beginService();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    socketPath: room.socketPath,
    dataRoot: room.dataRoot,
    docker,
    endService,
    beginService,
    stop,
  };
}

function startService(room: PodmanRoom, ledger: Ledger, proxyUrl: string | undefined): Promise<Child> {
  const { etc, lib, run } = room.places;
  const service = ['system', 'service', '--time', '0', `unix://${room.socketPath}`];
  return startChild({
    command: 'unshare',
    args: [
      ...['--mount', 'sh', '-c', START, 'sh', etc, lib, run],
      // Podman gives it to every helper that it starts, so that each of them can be told by its directory.
      ...['--root', room.dataRoot, '--storage-driver', room.driver],
      // Where crun is installed too it would be taken, and it refuses control groups that are half of version 1.
      ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file', ...service],
    ],
    env: {
      PATH: searchPath(),
      HOME: room.scratch,
      TMPDIR: room.scratch,
      ...(proxyUrl === undefined ? {} : { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl }),
    },
    directory: room.directory,
    logFile: join(room.directory, 'podman.log'),
    ledger,
  });
}

/** As far as it can: what goes on is ended by force. */
async function removeContainers(docker: Dockerode): Promise<void> {
  const listed = await docker.listContainers({ all: true }).catch(() => []);
  for (const { Id } of listed) {
    await docker
      .getContainer(Id)
      .remove({ force: true })
      .catch(() => undefined);
  }
}
