import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';

export interface Child {
  readonly pid: number;
  hasExited(): boolean;
  /** Its exit code, or the signal that ended it, once it has ended. */
  ended(): Promise<number | NodeJS.Signals>;
  /** The last lines of what it printed. */
  logTail(): Promise<string>;
  /** SIGTERM, and SIGKILL to this process alone if it is still there after `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL to this process alone, as when the machine runs out of memory. */
  kill(): Promise<void>;
}

/**
 * Starts a server in a session of its own, so that Ctrl-C reaches only its owner, who then stops things in order.
 * What it prints goes to `logFile`. Throws when the program cannot be started.
 */
export async function startChild(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  readonly logFile: string;
  readonly ledger: Ledger;
}): Promise<Child> {
  const { command, args, env, directory, logFile, ledger } = options;
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, {
    env,
    cwd: directory,
    detached: true,
    stdio: ['ignore', log, log],
  });
  if (child.pid !== undefined) ledger.child(child.pid, basename(command));
  closeSync(log);
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await Promise.race([once(child, 'spawn'), exited]);
  if (child.pid === undefined) throw new Error(`${command} has no process`);
  return {
    pid: child.pid,
    hasExited: () => hasExited(child),
    async ended() {
      const [code, signal] = await exited;
      return code ?? signal ?? 'SIGKILL';
    },
    logTail: () => tail(logFile),
    stop: (graceMs) => stop(child, exited, graceMs),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function stop(child: ChildProcess, exited: Promise<unknown>, graceMs: number): Promise<void> {
  if (hasExited(child)) return;
  child.kill('SIGTERM');
  const patience = new AbortController();
  await Promise.race([exited, sleep(graceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
  if (hasExited(child)) return;
  child.kill('SIGKILL');
  await exited;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function tail(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.slice(-15).join('\n');
}
