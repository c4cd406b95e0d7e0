import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '@sideband/shared/errors';

/**
 * Asks again and again until the probe gives something other than `undefined` or `false`.
 * A probe that throws counts as "not yet". Throws naming `what` after `timeoutMs` (10 s unless told).
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 10_000, everyMs = 25 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const outcome = await attempt(probe);
    if (outcome.value !== undefined && outcome.value !== false) return outcome.value;
    if (performance.now() >= deadline) {
      const why = outcome.error === undefined ? '' : `: ${errorText(outcome.error)}`;
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}${why}`, { cause: outcome.error });
    }
    await sleep(everyMs);
  }
}

async function attempt<T>(probe: () => Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await probe() };
  } catch (error) {
    return { error };
  }
}
