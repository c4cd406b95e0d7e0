import type { Millis } from '@sideband/shared/clock';
import type { DeliveryHeaders } from './hook-headers.ts';

// GitLab keeps two days of them; nobody reads more than the newest.
const KEPT = 100;

/** One delivery, as `/hooks/:hook_id/events` shows it. */
export interface LoggedDelivery {
  readonly id: number;
  readonly url: string;
  /** `job_hooks` */
  readonly trigger: string;
  readonly requestHeaders: DeliveryHeaders;
  readonly body: string;
  /** The HTTP status, or `internal error` where there was no answer. */
  readonly responseStatus: string;
  /** Seconds. */
  readonly duration: number;
  readonly at: Millis;
}

export function remember(log: LoggedDelivery[], delivery: LoggedDelivery): void {
  log.push(delivery);
  if (log.length > KEPT) log.shift();
}

/** `API::Entities::WebHookLog`. Secrets are not shown. */
export function logEntity(delivery: LoggedDelivery): Readonly<Record<string, unknown>> {
  const headers = Object.entries(delivery.requestHeaders).map(([name, value]) =>
    name === 'X-Gitlab-Token' ? [name, '[REDACTED]'] : [name, value],
  );
  return {
    id: delivery.id,
    url: delivery.url,
    trigger: delivery.trigger,
    request_headers: Object.fromEntries(headers),
    request_data: JSON.parse(delivery.body),
    response_headers: {},
    response_body: '',
    execution_duration: delivery.duration,
    response_status: delivery.responseStatus,
    created_at: new Date(delivery.at).toISOString(),
  };
}
