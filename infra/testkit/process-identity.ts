import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A process that is not mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; differs between two processes that had the same pid one after the other. */
  readonly start: string;
}

/** The process with this number, or undefined when there is none (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  const start = existsSync('/proc/self/stat') ? startFromProc(pid) : startFromPs(pid);
  return start === undefined ? undefined : { pid, start };
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.start === process.start;
}

/** Clock ticks since boot, field 22; the name in field 2 may itself hold spaces and brackets. */
function startFromProc(pid: number): string | undefined {
  const stat = readOr(`/proc/${pid}/stat`, '');
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : rest[18];
}

/** Where there is no /proc (macOS). Accurate to the second. */
function startFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() || undefined;
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
