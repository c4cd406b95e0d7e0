import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Child, startChild } from './child.ts';
import type { Ledger } from './ledger.ts';
import { searchPath } from './search-path.ts';
import { openLedger } from './sweep.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Where its files go; a temporary directory, removed by `stop`, unless told. */
  readonly directory?: string;
  /** A free one unless told. */
  readonly port?: number;
  readonly appendOnly?: boolean;
  /** Who remembers the process in case this one is killed; a ledger in `directory` unless told. */
  readonly ledger?: Ledger;
}

/** A `redis-server` of our own on the loopback interface, answering when the promise is kept. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const temporary = options.directory === undefined ? await temporaryDirectory('redis') : undefined;
  const directory = options.directory ?? temporary?.path ?? '';
  await mkdir(directory, { recursive: true });
  const ledger = options.ledger ?? (await openLedger(directory));
  const port = options.port ?? (await freePort());
  const child = await startChild({
    command: 'redis-server',
    args: serverArguments(directory, port, options.appendOnly ?? false),
    env: { PATH: searchPath() },
    directory,
    logFile: join(directory, 'redis.log'),
    ledger,
  });
  const stop = async (): Promise<void> => {
    await child.stop(10_000);
    await temporary?.remove();
  };
  try {
    await untilAnswering(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis://127.0.0.1:${port}`, port, pid: child.pid, stop };
}

function serverArguments(directory: string, port: number, appendOnly: boolean): string[] {
  return [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', directory],
    ...['--save', '', '--appendonly', appendOnly ? 'yes' : 'no'],
    // With its own command line the process can be told by its directory, see sweep.ts.
    ...['--set-proc-title', 'no'],
    // BullMQ refuses a server that may evict its keys.
    ...['--maxmemory-policy', 'noeviction'],
  ];
}

async function untilAnswering(child: Child, port: number): Promise<void> {
  const answered = await until(`redis-server on port ${port}`, async () =>
    child.hasExited() ? 'exited' : (await isOurs(port, child.pid)) && 'ready',
  );
  if (answered === 'exited') throw new Error(`redis-server stopped at once:\n${await child.logTail()}`);
}

/** The process id tells our server from one that took the port before it. */
async function isOurs(port: number, pid: number): Promise<boolean> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.info('server')).includes(`\r\nprocess_id:${pid}\r\n`);
  } finally {
    client.disconnect();
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once('error', failed).listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port');
  return address.port;
}
