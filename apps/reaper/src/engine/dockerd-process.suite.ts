import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Sandbox } from '@sideband/infra/testkit/sandbox';
import { until } from '@sideband/infra/testkit/until';

/** A sandbox's dockerd, to be ended and brought up again as it was. */
export interface DockerdProcess {
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends what `start` began; the sandbox ends its own. */
  close(): Promise<void>;
}

export async function dockerdProcess({ pid, docker }: Sandbox): Promise<DockerdProcess> {
  const { command, args, env } = await commandOf(pid);
  let again: ChildProcess | undefined;

  const answers = async (): Promise<boolean> =>
    docker.ping().then(
      () => true,
      () => false,
    );
  async function close(): Promise<void> {
    const dockerd = again;
    again = undefined;
    if (dockerd === undefined) return;
    const exited = once(dockerd, 'exit');
    dockerd.kill('SIGTERM');
    await exited;
  }
  return {
    async stop() {
      if (again === undefined) process.kill(pid, 'SIGTERM');
      await close();
      await until('dockerd to be gone', async () => !(await answers()));
    },
    async start() {
      again = spawn(command, args, { env, stdio: 'ignore' });
      await until('dockerd to be back', answers, { timeoutMs: 30_000 });
    },
    close,
  };
}

async function commandOf(pid: number) {
  const parts = async (file: string) =>
    (await readFile(`/proc/${pid}/${file}`, 'utf8')).split('\0').filter((part) => part !== '');
  const [command, ...args] = await parts('cmdline');
  if (command === undefined) throw new Error(`No process ${pid}`);
  const env = Object.fromEntries(
    (await parts('environ')).map((entry) => [
      entry.slice(0, entry.indexOf('=')),
      entry.slice(entry.indexOf('=') + 1),
    ]),
  );
  return { command, args, env };
}
