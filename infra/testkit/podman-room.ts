import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ledger } from './ledger.ts';

/** Where a Podman's things are: all of them below `path`, which goes when it is stopped. */
export interface PodmanRoom {
  readonly directory: string;
  readonly path: string;
  readonly socketPath: string;
  readonly dataRoot: string;
  readonly driver: 'overlay' | 'vfs';
  /** Stand in, for this Podman alone, for the machine's directories of the same meaning. */
  readonly places: { readonly etc: string; readonly lib: string; readonly run: string };
  /** HOME and TMPDIR. */
  readonly scratch: string;
}

export interface PodmanSupply {
  /** All that is pulled comes from here. */
  readonly proxyUrl?: string;
  /** Registries that the proxy serves without TLS, as in `registry.example.com`. */
  readonly insecureRegistries?: readonly string[];
}

/** A socket's path has room for 107 bytes; `/podman/podman.sock` is 19 of them. */
const LONGEST_DIRECTORY = 88;

/** `OVERLAYFS_SUPER_MAGIC`, the root of many a container: no overlay can be made on an overlay. */
const OVERLAYFS = 0x794c7630;

/** Throws when a Podman cannot be had in this directory. */
export function checkPodmanDirectory(directory: string): void {
  if (Buffer.byteLength(directory) > LONGEST_DIRECTORY)
    throw new Error(`${directory} is too long for a socket in it: ${LONGEST_DIRECTORY} bytes at most`);
  if (/^\/(?:run|var\/lib)\//.test(directory))
    throw new Error(`${directory} is where our Podman sees directories of its own instead of the machine's`);
}

/** Makes the directories and Podman's configuration, and puts them into the ledger first. */
export async function preparePodmanRoom(
  options: PodmanSupply & { readonly directory: string; readonly ledger: Ledger },
): Promise<PodmanRoom> {
  const { directory, ledger } = options;
  const path = join(directory, 'podman');
  ledger.path(path);
  await mkdir(path, { recursive: true });
  const room: PodmanRoom = {
    directory,
    path,
    socketPath: join(path, 'podman.sock'),
    dataRoot: join(path, 'root'),
    driver: (await statfs(path)).type === OVERLAYFS ? 'vfs' : 'overlay',
    places: { etc: join(path, 'etc'), lib: join(path, 'lib'), run: join(path, 'run') },
    scratch: join(path, 'scratch'),
  };
  const { etc, lib, run } = room.places;
  for (const made of [etc, lib, run, room.dataRoot, room.scratch]) await mkdir(made, { recursive: true });
  const policy = { default: [{ type: 'insecureAcceptAnything' }] };
  await writeFile(join(etc, 'policy.json'), JSON.stringify(policy));
  await writeFile(join(etc, 'registries.conf'), registriesConf(options));
  await writeFile(join(etc, 'containers.conf'), CONTAINERS_CONF);
  return room;
}

function registriesConf({ proxyUrl, insecureRegistries }: PodmanSupply): string {
  const insecure = (insecureRegistries ?? []).filter((name) => name !== 'docker.io');
  // docker.io alone is asked for under another name (registry-1.docker.io), which the proxy would not know.
  const mirror = proxyUrl === undefined ? [] : [mirrorOfDockerHub(new URL(proxyUrl).host)];
  const entries = insecure.map((name) => `[[registry]]\nlocation = ${toml(name)}\ninsecure = true\n`);
  return ['unqualified-search-registries = ["docker.io"]\n', ...entries, ...mirror].join('');
}

function mirrorOfDockerHub(host: string): string {
  return `[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = ${toml(host)}
insecure = true
`;
}

/** What no flag says. */
const CONTAINERS_CONF = `[containers]
# Podman asks for 1,048,576 of each, which a machine with less refuses even root.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
# Else locks are in a shared memory that all of the machine's Podmans use, and a first start clears it.
lock_type = "file"
# Seconds. Containers of tests have nothing to say before they end.
stop_timeout = 0
`;

/** TOML's basic strings are written as JSON's are. */
function toml(text: string): string {
  return JSON.stringify(text);
}
