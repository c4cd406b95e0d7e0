import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface ReceivedHook {
  /** `/hooks/…` */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came: what signatures are over. */
  readonly raw: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Takes hooks and remembers them. */
export interface HookReceiver {
  /** `http://127.0.0.1:PORT/hooks` */
  readonly url: string;
  readonly received: ReceivedHook[];
  /** From now on; 200 at first. */
  answerWith(status: number): void;
  /** Also when it is stopped already. */
  stop(): Promise<void>;
}

export async function startHookReceiver(): Promise<HookReceiver> {
  const received: ReceivedHook[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void text(request).then((raw) => {
      received.push({ path: request.url ?? '', headers: request.headers, raw, body: JSON.parse(raw) });
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    answerWith: (next) => {
      status = next;
    },
    stop: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
