import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import type { DeliveryHeaders } from './hook-headers.ts';

// Omnibus' default `gitlab_rails['webhook_timeout']`.
const TIMEOUT_MS = 10_000;
// As many as a well-equipped Sidekiq works on at once.
const CONNECTIONS = 64;

export interface HookRequest {
  readonly url: string;
  readonly headers: DeliveryHeaders;
  readonly body: string;
  readonly verifiesTls: boolean;
}

/** The connections that hooks are sent over. */
export class HookConnections {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: CONNECTIONS });

  /** The answer's status. Rejects without an answer within 10 s. Redirects are not followed. */
  post(hook: HookRequest): Promise<number> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#open(hook);
      outgoing.once('response', (incoming: IncomingMessage) => {
        incoming.resume();
        incoming.once('end', () => resolve(incoming.statusCode ?? 0));
        incoming.once('error', reject);
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        // GitLab opens a connection for each hook. We keep ours, so one that the receiver was just closing is our
        // own doing and no loss that GitLab would know.
        const stale = outgoing.reusedSocket && error.code === 'ECONNRESET';
        if (stale) this.post(hook).then(resolve, reject);
        else reject(error);
      });
      outgoing.end(hook.body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #open({ url, headers, body, verifiesTls }: HookRequest): ClientRequest {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const all = { ...headers, 'Content-Length': Buffer.byteLength(body) };
    const options = { method: 'POST', headers: all, signal };
    return url.startsWith('https:')
      ? overHttps(url, { ...options, agent: this.#https, rejectUnauthorized: verifiesTls })
      : overHttp(url, { ...options, agent: this.#http });
  }
}
