import { readdir, readFile } from 'node:fs/promises';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** What goes on when the one who started it is killed. Only these programs are told by a path on their command line. */
const PROGRAMS = [
  ...['containerd', 'containerd-shim', 'dockerd', 'conmon', 'podman', 'redis-server', 'runc'],
  ...['truncate', 'mkfs.ext4', 'mount', 'umount'],
];

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly args: readonly string[];
  readonly mountinfo: string;
}

/**
 * The ids of these processes, their descendants, our programs with a path below one of the places on their command
 * line, and what runs in an engine's containers there. Without `/proc` the processes themselves alone.
 */
export async function processesOf(
  known: readonly ProcessIdentity[],
  places: readonly string[],
): Promise<readonly number[]> {
  const table = await processTable();
  const wanted = new Set(known.map((process) => process.pid));
  for (const process of table) {
    if (isProgramOf(process, places) || isContainerOf(process, places)) wanted.add(process.pid);
  }
  // A parent may come after its child in the table, so go on until nothing is added.
  for (let size = -1; size !== wanted.size; ) {
    size = wanted.size;
    for (const process of table) if (wanted.has(process.parent)) wanted.add(process.pid);
  }
  return [...wanted].filter((pid) => identify(pid) !== undefined);
}

function isProgramOf({ name, args }: Process, places: readonly string[]): boolean {
  // The kernel keeps 15 characters of a name: `containerd-shim-runc-v2` ends after `shim`.
  if (!PROGRAMS.includes(name)) return false;
  return args.some((arg) => places.some((place) => arg === place || arg.startsWith(`${place}/`)));
}

/** A container's root is an overlay whose upper directory is in the engine's data root. */
function isContainerOf({ mountinfo }: Process, places: readonly string[]): boolean {
  const root = mountinfo.split('\n').find((line) => line.split(' ')[4] === '/') ?? '';
  return places.some((place) => root.includes(`,upperdir=${place}/`));
}

async function processTable(): Promise<readonly Process[]> {
  const names = await readdir('/proc').catch(() => []);
  const processes = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readProcess));
  return processes.filter((process) => process !== undefined);
}

/** Undefined for a process that ended meanwhile. */
async function readProcess(pid: string): Promise<Process | undefined> {
  try {
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8');
    const [stat, comm, cmdline, mountinfo] = await Promise.all([
      read('stat'),
      read('comm'),
      read('cmdline'),
      read('mountinfo').catch(() => ''),
    ]);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { pid: Number(pid), parent, name: comm.trimEnd(), args: cmdline.split('\0'), mountinfo };
  } catch {
    return undefined;
  }
}
