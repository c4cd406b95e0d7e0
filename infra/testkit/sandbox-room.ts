import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger } from './ledger.ts';

/** Where a sandbox's things are. All of it goes when the sandbox is stopped, but for the logs. */
export interface Room {
  readonly directory: string;
  readonly diskFile: string;
  readonly dataRoot: string;
  readonly socketPath: string;
  readonly containerdSocket: string;
  readonly containerdConfig: string;
  readonly dockerdConfig: string;
  /** Everything made here, to be removed when nothing is mounted or running in it. */
  readonly paths: readonly string[];
}

/** A socket's path has room for 107 bytes; the longest one in here is `/exec/libnetwork/<12 digits>.sock`, 34. */
const LONGEST_RUN_DIRECTORY = 70;

const FAR_RUN_DIRECTORY = join(tmpdir(), 'sideband-run-');

/** Makes the directories and the two daemons' configuration, and puts them into the ledger first. */
export async function prepareRoom(options: {
  readonly directory: string;
  readonly proxyUrl?: string;
  readonly insecureRegistries?: readonly string[];
  readonly ledger: Ledger;
}): Promise<Room> {
  const { directory, ledger } = options;
  const diskFile = join(directory, 'disk.img');
  const dataRoot = join(directory, 'disk');
  for (const path of [diskFile, dataRoot]) ledger.path(path);
  const run = await runDirectory(directory, ledger);
  await mkdir(dataRoot, { recursive: true });
  const room: Room = {
    directory,
    diskFile,
    dataRoot,
    socketPath: join(run, 'docker.sock'),
    containerdSocket: join(run, 'containerd.sock'),
    containerdConfig: join(run, 'containerd.toml'),
    dockerdConfig: join(run, 'daemon.json'),
    paths: [diskFile, dataRoot, run],
  };
  await writeFile(room.containerdConfig, containerdConfig(room, run));
  await writeFile(room.dockerdConfig, JSON.stringify(dockerdConfig(room, run, options), undefined, 2));
  return room;
}

async function runDirectory(directory: string, ledger: Ledger): Promise<string> {
  const near = join(directory, 'run');
  if (Buffer.byteLength(near) <= LONGEST_RUN_DIRECTORY) {
    ledger.path(near);
    await mkdir(near, { recursive: true });
    return near;
  }
  const far = await mkdtemp(FAR_RUN_DIRECTORY);
  ledger.path(far);
  return far;
}

/** Whether a path is one that this file makes outside of a sandbox's own directory. */
export function isRunDirectory(path: string): boolean {
  return path.startsWith(FAR_RUN_DIRECTORY) && /^\w{6}$/.test(path.slice(FAR_RUN_DIRECTORY.length));
}

/** Without the plug-ins that write outside of our directories (`/opt/containerd`, `/etc/cni`). */
function containerdConfig(room: Room, run: string): string {
  const text = JSON.stringify;
  return `version = 2
root = ${text(join(room.dataRoot, 'containerd'))}
state = ${text(join(run, 'containerd'))}
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = ${text(room.containerdSocket)}
[ttrpc]
address = ${text(`${room.containerdSocket}.ttrpc`)}
`;
}

function dockerdConfig(
  room: Room,
  run: string,
  { proxyUrl, insecureRegistries }: { proxyUrl?: string; insecureRegistries?: readonly string[] },
): Record<string, unknown> {
  return {
    hosts: [`unix://${room.socketPath}`],
    'data-root': room.dataRoot,
    'exec-root': join(run, 'exec'),
    pidfile: join(run, 'docker.pid'),
    // Else it would take the machine's own containerd where one runs.
    containerd: room.containerdSocket,
    // A second daemon must leave the machine's bridge, firewall and forwarding alone.
    bridge: 'none',
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
    'insecure-registries': insecureRegistries ?? [],
    // docker.io alone can have a mirror, and it alone would not ask the proxy without TLS.
    'registry-mirrors': proxyUrl === undefined ? [] : [proxyUrl],
  };
}
