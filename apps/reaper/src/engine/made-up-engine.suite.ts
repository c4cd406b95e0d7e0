import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface MadeUpEngine {
  /** What it was asked for, as in `GET /_ping`. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/**
 * Something that answers on the socket as an engine of this version would; all but the ping is the handler's.
 * To `mute`, a path, it says nothing.
 */
export async function playEngine(
  socketPath: string,
  version: string,
  handler: Handler,
  mute?: string,
): Promise<MadeUpEngine> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('Api-Version', version);
    if (request.url === mute) return;
    if (request.url === '/_ping') response.end('OK');
    else handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    asked,
    async stop() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}
