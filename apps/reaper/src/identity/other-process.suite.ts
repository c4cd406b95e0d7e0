import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface OtherProcess {
  readonly pid: number;
  /** The JSON it printed. */
  readonly said: unknown;
  /** SIGKILL, and over when the kernel says so. */
  kill(): Promise<void>;
}

/** Another process that evaluates `expression` (TypeScript modules by URL are at hand), prints what it gives and stays. */
export async function startOtherProcess(expression: string): Promise<OtherProcess> {
  const script = `
    process.stdout.write(JSON.stringify(await (${expression})));
    setInterval(() => {}, 60_000);
  `;
  const args = ['--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [said] = (await Promise.race([once(child.stdout, 'data'), exited])) as [unknown];
  if (!(said instanceof Buffer) || child.pid === undefined) throw new Error('The other process said nothing');
  return {
    pid: child.pid,
    said: JSON.parse(said.toString()),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
