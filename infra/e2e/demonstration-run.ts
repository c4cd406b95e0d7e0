import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { until } from '../testkit/until.ts';

export const ROOT = resolve(import.meta.dirname, '..', '..');

/** `npm start` as a process of its own, without npm between. */
export interface DemonstrationRun {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The exit code; a signal's name where it was killed. */
  readonly ended: Promise<number | string>;
  untilSaid(pattern: RegExp): Promise<RegExpExecArray>;
}

export function runStart(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly uid?: number } = {},
): DemonstrationRun {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=source', 'infra/demo/start.ts', ...args],
    {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], ...options.env },
      ...(options.uid ? { uid: options.uid, gid: options.uid } : {}),
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(() => child.exitCode ?? child.signalCode ?? 'nothing');
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    untilSaid: async (pattern) => {
      const said = await until(
        `${pattern} in what was said`,
        async () => pattern.exec(stdout) ?? (child.exitCode === null ? undefined : 'ended'),
        { timeoutMs: 60_000, everyMs: 50 },
      );
      if (said === 'ended') throw new Error(`It ended before it said ${pattern}:\n${stdout}\n${stderr}`);
      return said;
    },
  };
}
