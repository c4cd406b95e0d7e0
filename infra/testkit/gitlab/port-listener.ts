import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A loopback port that can be closed and opened again. */
export interface PortListener {
  readonly port: number;
  open(): Promise<void>;
  /** Cuts the connections there are. */
  close(): Promise<void>;
}

/** Opens a free one. */
export async function listenOnFreePort(listener: RequestListener): Promise<PortListener> {
  const server = createServer(listener);
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    open: async () => {
      if (!server.listening) await listen(port);
    },
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
