import type { Clock } from '@sideband/shared/clock';
import type { Features } from './features.ts';
import { type DeliveryHeaders, deliveryHeaders } from './hook-headers.ts';
import { healthAfter } from './hook-health.ts';
import { remember } from './hook-log.ts';
import type { HookTarget } from './hook-target.ts';
import { renderBody } from './hook-template.ts';
import { HookConnections } from './post-hook.ts';

/** What a hook tells of. */
export interface HookEvent {
  /** GitLab's name of the kind: `job_hooks`. */
  readonly trigger: string;
  /** `Job Hook`, in `X-Gitlab-Event`. */
  readonly title: string;
  readonly payload: unknown;
}

/** One delivery: sent again it keeps `key` and `eventUuid`. */
export interface Message {
  readonly event: HookEvent;
  readonly key: string;
  readonly eventUuid: string;
  readonly requestUuid: string;
}

export interface SenderOptions {
  readonly instanceUrl: string;
  readonly clock: Clock;
  readonly features: Features;
  readonly autoDisable: boolean;
}

interface Sent {
  readonly headers: DeliveryHeaders;
  readonly body: string;
  readonly status: number | undefined;
}

/** Sends a hook once and notes in it how that went. */
export class HookSender {
  readonly #options: SenderOptions;
  readonly #connections = new HookConnections();
  #nextLogId = 1;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** The answer's status; undefined without one, or where the hook's template makes no JSON. */
  async send(target: HookTarget, message: Message): Promise<number | undefined> {
    const began = performance.now();
    const sent = await this.#post(target, message);
    this.#note(target, message, sent, (performance.now() - began) / 1_000);
    return sent.status;
  }

  close(): void {
    this.#connections.close();
  }

  async #post(target: HookTarget, message: Message): Promise<Sent> {
    const { clock, features, instanceUrl } = this.#options;
    const { event, ...identity } = message;
    const body = rendered(target, event);
    if (body === undefined) return { headers: {}, body: '{}', status: undefined };
    const { token, signingToken, url, verifiesTls } = target;
    const shape = { features, instanceUrl, event: event.title, body, now: clock.now() };
    const headers = deliveryHeaders({ ...shape, ...identity, token, signingToken });
    const status = await this.#connections.post({ url, headers, body, verifiesTls }).catch(() => undefined);
    return { headers, body, status };
  }

  #note({ record, url }: HookTarget, { event }: Message, sent: Sent, duration: number): void {
    if (record === undefined) return;
    const { clock, features, autoDisable } = this.#options;
    remember(record.log, {
      id: this.#nextLogId++,
      url,
      trigger: event.trigger,
      requestHeaders: sent.headers,
      body: sent.body,
      responseStatus: String(sent.status ?? 'internal error'),
      duration,
      at: clock.now(),
    });
    // System hooks are never disabled.
    if (!autoDisable || record.owner.kind === 'system') return;
    record.health = healthAfter(record.health, sent.status, clock.now(), features);
  }
}

function rendered(target: HookTarget, event: HookEvent): string | undefined {
  try {
    return renderBody(target.template, event.payload);
  } catch {
    return undefined;
  }
}
