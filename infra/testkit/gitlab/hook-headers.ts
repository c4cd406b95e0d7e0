import { createHmac } from 'node:crypto';
import type { Millis } from '@sideband/shared/clock';
import type { Features } from './features.ts';

export type DeliveryHeaders = Readonly<Record<string, string>>;

export interface HeaderOptions {
  readonly features: Features;
  readonly instanceUrl: string;
  /** `Job Hook` */
  readonly event: string;
  readonly token: string | undefined;
  readonly signingToken: string | undefined;
  /** The same when it is sent again. */
  readonly key: string;
  readonly eventUuid: string;
  readonly requestUuid: string;
  readonly body: string;
  readonly now: Millis;
}

/** Those that `WebHookService#build_headers` of this version sends. */
export function deliveryHeaders(options: HeaderOptions): DeliveryHeaders {
  const { features, key, token } = options;
  return {
    'Content-Type': 'application/json',
    'User-Agent': `GitLab/${features.version}`,
    ...(features.has('idempotencyKey') ? { 'Idempotency-Key': key } : {}),
    'X-Gitlab-Event': options.event,
    ...(features.has('webhookUuidHeader') ? { 'X-Gitlab-Webhook-UUID': options.requestUuid } : {}),
    ...(features.has('instanceHeader') ? { 'X-Gitlab-Instance': options.instanceUrl } : {}),
    ...(token === undefined ? {} : { 'X-Gitlab-Token': token }),
    ...(features.has('eventUuidHeader') ? { 'X-Gitlab-Event-UUID': options.eventUuid } : {}),
    ...signature(options),
  };
}

/** Standard Webhooks: HMAC-SHA256 over id, time in seconds and the raw body. */
function signature({ features, signingToken, key, body, now }: HeaderOptions): DeliveryHeaders {
  if (signingToken === undefined || !features.has('signingTokens')) return {};
  const timestamp = String(Math.floor(now / 1_000));
  const secret = Buffer.from(signingToken.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', secret).update(`${key}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': key, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
}
