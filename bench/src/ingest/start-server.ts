import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '@sideband/infra/testkit/child';
import { freePort } from '@sideband/infra/testkit/redis';
import { openLedger } from '@sideband/infra/testkit/sweep';
import { until } from '@sideband/infra/testkit/until';

export interface HookServer {
  readonly url: string;
  stop(): Promise<void>;
}

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Resolves when it answers. */
export async function startServer(
  kind: 'bare' | 'sideband',
  redisUrl: string,
  directory: string,
): Promise<HookServer> {
  const own = join(directory, kind);
  await mkdir(own, { recursive: true });
  const port = await freePort();
  const child = await startChild({
    command: process.execPath,
    args: ['--import', 'tsx', '--conditions=source', SERVER, kind, redisUrl, String(port)],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
    directory: ROOT,
    logFile: join(own, 'server.log'),
    ledger: await openLedger(own),
  });
  const url = `http://127.0.0.1:${port}`;
  await until(`the ${kind} server`, async () => (await fetch(`${url}/health`)).ok, { timeoutMs: 30_000 });
  return { url, stop: () => child.stop(10_000) };
}
