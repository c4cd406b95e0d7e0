import { readFile } from 'node:fs/promises';

/** New with every start of the machine, the same in all its containers; empty where there is no /proc. */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return '';
  }
}
