import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { searchPath } from './search-path.ts';
import { until } from './until.ts';

const execute = promisify(execFile);

function run(command: string, args: readonly string[]): Promise<{ stdout: string }> {
  return execute(command, args, { env: { PATH: searchPath() } });
}

/** Mounts a file of `bytes` bytes, which takes room only as it fills, as an ext4 filesystem. Needs root. */
export async function mountLoopDisk(options: {
  readonly file: string;
  readonly mountPoint: string;
  readonly bytes: number;
}): Promise<void> {
  const { file, mountPoint, bytes } = options;
  await run('truncate', ['--size', String(bytes), file]);
  // Without root's reserve of 5 % the disk fills as `df` shows it. Blocks, inodes a byte and journal are set because the
  // defaults for a disk below 512 MB are others than for a runner's; of 600 MB, 573 MB can be used.
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-b', '4096', '-i', '16384', '-J', 'size=4', file]);
  // The loop device is of the kind that goes away with its mount.
  await run('mount', ['-o', 'loop', file, mountPoint]);
}

/** Unmounts all that is mounted at or below a path, waiting up to 10 s while it is busy. */
export async function unmount(path: string): Promise<void> {
  await until(`an idle ${path} to unmount`, async () => {
    const [last] = (await mountsBelow(path)).slice(-1);
    if (last === undefined) return true;
    await run('umount', ['--recursive', last]);
    return (await mountsBelow(path)).length === 0;
  });
}

/** Mount points at or below a path, in the order they were mounted. */
export async function mountsBelow(path: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return table
    .split('\n')
    .map((line) => decode(line.split(' ')[4] ?? ''))
    .filter((point) => point === path || point.startsWith(`${path}/`));
}

/** The kernel writes space, tab, line feed and backslash as octal numbers. */
function decode(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Detaches loop devices whose file is below a path, for instance one attached by hand. */
export async function detachLoops(path: string): Promise<string[]> {
  const { stdout } = await run('losetup', [
    '--list',
    '--noheadings',
    '--output',
    'NAME,BACK-FILE',
    '--raw',
  ]).catch(() => ({ stdout: '' }));
  const devices = stdout
    .split('\n')
    .filter((line) => line.slice(line.indexOf(' ') + 1).startsWith(`${path}/`))
    .map((line) => line.slice(0, line.indexOf(' ')));
  for (const device of devices) await run('losetup', ['--detach', device]);
  return devices;
}
