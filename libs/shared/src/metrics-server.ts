import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorText, SidebandError } from './errors.ts';
import type { Log } from './log.ts';

/** What a scrape is answered with: the text that Prometheus reads, and its media type. */
export interface MetricsText {
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsServer {
  /** The one asked for, or the one the system chose for 0. */
  readonly port: number;
  /** Answers what was asked already; who is slower than a second is hung up on. */
  close(): Promise<void>;
}

const PATIENCE_MS = 1_000;
/** Prometheus asks in one packet. Whoever takes longer must not hold one of the few connections. */
const REQUEST_WITHIN_MS = 5_000;
const MOST_CONNECTIONS = 32;

/**
 * Serves `/metrics` and `/health` and nothing else, on one address. It does not keep a process alive that has nothing
 * else to do. Throws `CONFIG_INVALID` if the address cannot be had.
 */
export async function serveMetrics(
  address: { readonly host: string; readonly port: number },
  metrics: MetricsText,
  log: Log,
): Promise<MetricsServer> {
  const server = createServer(
    { headersTimeout: REQUEST_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, maxHeaderSize: 8_192 },
    (request, response) => {
      answer(request, response, metrics).catch((error: unknown) => {
        log.error({ err: error }, 'Metrics could not be answered');
        plain(response, 500, 'error\n');
      });
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const problem = `cannot be served there: ${errorText(error)}`;
      const problems = [{ setting: 'SIDEBAND_METRICS', problem }];
      reject(new SidebandError('CONFIG_INVALID', { problems }, { cause: error }));
    });
    server.listen(address, resolve);
  });
  server.on('error', (error) => log.error({ err: error }, 'The metrics server met an error'));
  const { port } = server.address() as AddressInfo;
  log.info({ host: address.host, port }, 'Metrics are served');
  return {
    port,
    close: async () => {
      const lastCall = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      clearTimeout(lastCall);
    },
  };
}

async function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  metrics: MetricsText,
): Promise<void> {
  const [path] = url.split('?');
  if (path !== '/metrics' && path !== '/health') return plain(response, 404, 'not found\n');
  if (method !== 'GET') {
    response.setHeader('allow', 'GET');
    return plain(response, 405, 'only GET\n');
  }
  if (path === '/health') return plain(response, 200, 'ok\n');
  const text = await metrics.text();
  response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
