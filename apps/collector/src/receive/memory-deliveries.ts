import type { Clock } from '@sideband/shared/clock';
import { CLAIM_MS, type Deliveries, type Delivery, REMEMBERED_MS } from './deliveries.ts';
import { hookPath } from './hook-secret.ts';

/** The twin of what is in Redis, for tests. */
export function createMemoryDeliveries(clock: Clock): Deliveries {
  const until = new Map<string, number>();
  const isThere = (key: string): boolean => (until.get(key) ?? 0) > clock.now();
  const keep = (key: string, ms: number): void => {
    until.set(key, clock.now() + ms);
  };

  return {
    async claim(delivery) {
      const [event, request] = keysOf(delivery);
      if (request !== undefined && isThere(request)) return 'replayed';
      const isTaken = isThere(event);
      if (request !== undefined) keep(request, isTaken ? REMEMBERED_MS : CLAIM_MS);
      return isTaken ? 'duplicate' : 'new';
    },
    async remember(delivery) {
      for (const key of keysOf(delivery)) if (key !== undefined) keep(key, REMEMBERED_MS);
    },
    async release(delivery) {
      const [, request] = keysOf(delivery);
      if (request !== undefined) until.delete(request);
    },
  };
}

function keysOf({ address, id, signedSeconds }: Delivery): readonly [string, string | undefined] {
  const event = JSON.stringify([hookPath(address.instance, address.source), id]);
  return [event, signedSeconds === undefined ? undefined : `${signedSeconds} ${event}`];
}
