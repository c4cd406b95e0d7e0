import { readFile } from 'node:fs/promises';

/** Clock ticks a second on every Linux that Node runs on (sysconf(_SC_CLK_TCK)). */
const TICKS_A_SECOND = 100;

/** CPU seconds these processes have used, with those of their children that have ended. Gone processes count 0. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map((pid) => secondsOf(String(pid), 0, 4)));
  return each.reduce((sum, seconds) => sum + seconds, 0);
}

/** CPU seconds of the children of this very process that have ended. */
export function endedChildrenCpuSeconds(): Promise<number> {
  return secondsOf('self', 2, 4);
}

/** Some of utime, stime, cutime and cstime: fields 14 to 17. */
async function secondsOf(process: string, first: number, end: number): Promise<number> {
  const stat = await readFile(`/proc/${process}/stat`, 'utf8').catch(() => '');
  // The name in field 2 may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const times = fields.slice(11 + first, 11 + end);
  return times.reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND;
}
