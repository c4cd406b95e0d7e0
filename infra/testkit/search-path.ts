import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** PATH with the folders of servers and of disk tools, which `su` without a dash leaves out. */
export function searchPath(): string {
  return [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);
}

export function isOnSearchPath(command: string): boolean {
  return searchPath()
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, command)));
}
