import { spawnSync } from 'node:child_process';
import { mountsBelow } from './mounts.ts';
import { processesOf } from './process-table.ts';

export interface Left {
  readonly processes: number;
  readonly mounts: number;
  readonly loops: number;
}

export const NOTHING_LEFT: Left = { processes: 0, mounts: 0, loops: 0 };

/** How much of what was started in a directory is still there. */
export async function leftIn(directory: string): Promise<Left> {
  const loops = spawnSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], {
    encoding: 'utf8',
  });
  return {
    processes: (await processesOf([], [directory])).length,
    mounts: (await mountsBelow(directory)).length,
    loops: loops.stdout.split('\n').filter((file) => file.startsWith(`${directory}/`)).length,
  };
}
