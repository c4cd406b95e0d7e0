import { Agent, request } from 'node:http';
import { gitlabVersion } from './entities.ts';
import { uuid } from './uuid.ts';

// Omnibus' default `gitlab_rails['webhook_timeout']`.
const TIMEOUT_MS = 10_000;
// As many as a well-equipped Sidekiq works on at once.
const CONNECTIONS = 64;

export interface HookOptions {
  readonly url: string;
  /** Sent as `X-Gitlab-Token`; a function where each project has its own. */
  readonly secret: string | ((project: number) => string);
  /** From the transition to the request, evenly spread, so that hooks overtake each other; 0 to 50 unless told. */
  readonly delayMs?: { readonly min: number; readonly max: number };
  /** Of 1: how many are sent a second time, with the same `Idempotency-Key`. None unless told. */
  readonly duplicateShare?: number;
  /** Of 1: how many are never sent, as when Sidekiq loses a job. None unless told. */
  readonly loseShare?: number;
}

/** How the deliveries fared. A duplicate counts as a delivery of its own. */
export interface HookCounts {
  readonly sent: number;
  readonly duplicated: number;
  readonly lost: number;
  /** By HTTP status. */
  readonly answered: Readonly<Record<number, number>>;
  /** No answer within 10 s, or no connection. */
  readonly unanswered: number;
}

interface Delivery {
  readonly hook: HookOptions;
  readonly project: number;
  readonly body: string;
  readonly key: string;
  readonly eventUuid: string;
  readonly requestUuid: string;
}

/** Sends hooks as GitLab's Sidekiq does: some time later, in any order, sometimes twice, never again after a failure. */
export class Deliveries {
  readonly #instanceUrl: string;
  readonly #random: () => number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #answered: Record<number, number> = {};
  #hook: HookOptions | undefined;
  #sent = 0;
  #duplicated = 0;
  #lost = 0;
  #unanswered = 0;
  #underWay = 0;
  #waiting: (() => void)[] = [];

  constructor(options: { readonly instanceUrl: string; readonly random: () => number }) {
    this.#instanceUrl = options.instanceUrl;
    this.#random = options.random;
  }

  /** Where the following hooks go; undefined sends none. */
  pointAt(hook: HookOptions | undefined): void {
    if (hook !== undefined && new URL(hook.url).protocol !== 'http:') throw new Error('A hook needs http:');
    this.#hook = hook;
  }

  /** All that is random is drawn here, so equal transitions and an equal `random` give equal deliveries. */
  send(project: number, payload: unknown): void {
    const hook = this.#hook;
    if (hook === undefined) return;
    if (this.#random() < (hook.loseShare ?? 0)) {
      this.#lost += 1;
      return;
    }
    const twice = this.#random() < (hook.duplicateShare ?? 0);
    if (twice) this.#duplicated += 1;
    const body = JSON.stringify(payload);
    const common = { hook, project, body, key: uuid(this.#random), eventUuid: uuid(this.#random) };
    for (let copy = 0; copy < (twice ? 2 : 1); copy += 1) {
      this.#schedule({ ...common, requestUuid: uuid(this.#random) });
    }
  }

  counts(): HookCounts {
    return {
      sent: this.#sent,
      duplicated: this.#duplicated,
      lost: this.#lost,
      answered: { ...this.#answered },
      unanswered: this.#unanswered,
    };
  }

  /** Resolves when nothing is scheduled or under way. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Drops what is scheduled and cuts what is under way. */
  close(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
      this.#done();
    }
    this.#timers.clear();
    this.#agent.destroy();
  }

  #schedule(delivery: Delivery): void {
    const { min, max } = delivery.hook.delayMs ?? { min: 0, max: 50 };
    const delay = min + this.#random() * (max - min);
    this.#underWay += 1;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#sent += 1;
      void this.#deliver(delivery).finally(() => this.#done());
    }, delay);
    this.#timers.add(timer);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    try {
      const status = await this.#post(delivery);
      this.#answered[status] = (this.#answered[status] ?? 0) + 1;
    } catch {
      this.#unanswered += 1;
    }
  }

  #post(delivery: Delivery): Promise<number> {
    const { hook, project, body } = delivery;
    const secret = typeof hook.secret === 'string' ? hook.secret : hook.secret(project);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'User-Agent': `GitLab/${gitlabVersion.version}`,
      'Idempotency-Key': delivery.key,
      'X-Gitlab-Event': 'Job Hook',
      'X-Gitlab-Webhook-UUID': delivery.requestUuid,
      'X-Gitlab-Instance': this.#instanceUrl,
      'X-Gitlab-Token': secret,
      'X-Gitlab-Event-UUID': delivery.eventUuid,
    };
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const outgoing = request(hook.url, { method: 'POST', agent: this.#agent, headers, signal });
      outgoing.once('response', (incoming) => {
        incoming.resume();
        incoming.once('end', () => resolve(incoming.statusCode ?? 0));
        incoming.once('error', reject);
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        // GitLab opens a connection for each hook. We keep ours, so one that the receiver was just closing is our
        // own doing and no loss that GitLab would know.
        const stale = outgoing.reusedSocket && error.code === 'ECONNRESET';
        if (stale) this.#post(delivery).then(resolve, reject);
        else reject(error);
      });
      outgoing.end(body);
    });
  }

  #done(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
