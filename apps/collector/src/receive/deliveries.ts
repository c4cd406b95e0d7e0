import type { HookAddress } from './hook-source.ts';

/** One sending of a hook by GitLab. */
export interface Delivery {
  readonly address: HookAddress;
  /** `Idempotency-Key` or `webhook-id`: the same when GitLab sends an event again. Written by a stranger. */
  readonly id: string;
  /** When it was signed, where its signature was verified: GitLab signs anew each time it sends. */
  readonly signedSeconds: string | undefined;
}

/** `duplicate`: the event was taken. `replayed`: this very request was taken, or is being taken. */
export type Claim = 'new' | 'duplicate' | 'replayed';

/**
 * Remembers which deliveries were taken, over all collectors. Throws `REDIS_UNAVAILABLE` only. Losing it lets an event
 * in twice, which the queue's own ids and the evidence bear.
 */
export interface Deliveries {
  /** Of a signed request, only one of two at the same time is `new`; it has `CLAIM_MS` to say what came of it. */
  claim(delivery: Delivery): Promise<Claim>;
  /** It was taken: the event will be a duplicate, and this request a replay. */
  remember(delivery: Delivery): Promise<void>;
  /** It was not taken and may come again. */
  release(delivery: Delivery): Promise<void>;
}

/**
 * Longer than a signature is good for, from five minutes before its time to five after; and longer than Sidekiq's four
 * retries take (about four minutes). What comes later is told apart by the queue and by what is known of the job.
 */
export const REMEMBERED_MS = 15 * 60_000;
/** Much longer than a collector waits for the queue, and short enough for somebody who tries again by hand. */
export const CLAIM_MS = 5_000;
