import { isSidebandError } from '@sideband/shared/errors';
import { circuitError } from '../answer-error.ts';
import { exhaustedForMs } from '../asked-wait.ts';
import { addressOf } from './address.ts';
import type { Answer } from './answer.ts';
import type { Circuit, Ended } from './circuit.ts';
import { type Asked, exchange, type Wire } from './exchange.ts';
import type { GuestOptions } from './guest.ts';
import { outcomeStatus, type RequestOutcome } from './request-outcome.ts';
import { withRetries } from './retry.ts';
import { routeOf } from './route.ts';
import { readToken } from './token.ts';
import { waitForPermit } from './wait-for-permit.ts';

/** Asks GitLab as a good guest does, and reads the answer. Throws as the `GitLab` port says. */
export type Ask = <T>(asked: Asked, read: (answer: Answer) => Promise<T> | T) => Promise<T>;

interface AskParts extends Pick<GuestOptions, 'settings' | 'budget' | 'random' | 'onRequest'> {
  readonly wire: Wire;
  readonly circuit: Circuit;
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

export function createAsk(parts: AskParts): Ask {
  const { settings, budget, random, onRequest, wire, circuit, pause } = parts;
  const { clock } = wire;

  function passCircuit(path: string): void {
    const blockedMs = circuit.blockedMs();
    if (blockedMs > 0) throw circuitError(path, blockedMs);
  }

  async function leaveToSend(path: string): Promise<{ token: string; ended: Ended }> {
    // Asked before a permit is taken for nothing, and again after it was waited for.
    passCircuit(path);
    await waitForPermit(budget, pause, path);
    const token = await readToken(settings);
    passCircuit(path);
    return { token, ended: circuit.begin() };
  }

  async function attempt<T>(url: URL, asked: Asked, read: (answer: Answer) => Promise<T> | T): Promise<T> {
    let sentAt: number | undefined;
    const report = (status: RequestOutcome['status'] | undefined): void => {
      if (status === undefined) return;
      const ms = sentAt === undefined ? 0 : Math.max(0, clock.now() - sentAt);
      onRequest?.({ route: routeOf(asked.method, asked.path), status, ms });
    };
    let ended: Ended | undefined;
    try {
      const leave = await leaveToSend(asked.path);
      ended = leave.ended;
      sentAt = clock.now();
      const { status, result } = await exchange(wire, url, asked, leave.token, async (answer) => {
        const exhaustedMs = exhaustedForMs(answer.headers, clock.now());
        if (exhaustedMs !== undefined) await budget.hold(exhaustedMs);
        return { status: answer.status, result: await read(answer) };
      });
      ended(true);
      report(status);
      return result;
    } catch (error) {
      ended?.(!isOutage(error));
      if (isSidebandError(error)) report(outcomeStatus(error.details));
      if (isSidebandError(error, 'GITLAB_RATE_LIMITED') && ended !== undefined)
        await budget.hold(error.retryAfterMs ?? 0);
      throw error;
    }
  }

  return async (asked, read) => {
    const url = addressOf(settings.url, asked.path, asked.search);
    return withRetries(asked.method, () => attempt(url, asked, read), {
      pause,
      random,
      isWorthIt: () => circuit.blockedMs() === 0,
    });
  };
}

/** GitLab itself, or the way to it, is at fault. */
function isOutage(error: unknown): boolean {
  if (!isSidebandError(error, 'GITLAB_UNAVAILABLE')) return false;
  const { reason, status } = error.details;
  // 500 is one request's own misfortune, such as a log that object storage lost; what is in front of GitLab says 502.
  return reason === 'network' || reason === 'time-out' || Number(status) >= 502;
}
