import type { Clock, Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import type { Engine, EngineEvent, EventPosition } from '../engine/port.ts';
import type { WatchStatus } from './port.ts';
import type { Sleep } from './sleep.ts';

export interface FollowParts {
  readonly engine: Pick<Engine, 'follow'>;
  /** Up to where the events are noted. */
  readonly position: () => EventPosition | undefined;
  readonly onOpen: () => void;
  readonly onClosed: () => void;
  /** False: there is no room for it, so the stream is begun anew later. */
  readonly onEvent: (event: EngineEvent) => boolean;
  /** Reads the list of containers; what it throws ends the stream. */
  readonly list: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** What an engine dropped from its stream is made up for after this. */
const LIST_EVERY_MS = 10 * 60_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A stream that held so long was well: the next pause is a short one again. */
const STEADY_MS = 60_000;

/** Follows the engine until the signal is aborted, again and again. Never throws. */
export function createFollower(parts: FollowParts): {
  run(signal: AbortSignal): Promise<void>;
  status(): WatchStatus;
} {
  const { engine, clock, sleep, log } = parts;
  let status: WatchStatus = { isWatching: false, since: clock.now(), gaps: 0, events: 0 };
  let brokeAt: Millis | undefined;

  function become(isWatching: boolean): void {
    if (status.isWatching !== isWatching) status = { ...status, isWatching, since: clock.now() };
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const { why, heldMs } = await followOnce(signal);
      if (signal.aborted) return;
      noteGap(why);
      failures = heldMs >= STEADY_MS ? 1 : failures + 1;
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
      // Reapers whose engines were restarted by one hand should not all come back at one moment.
      await sleep(pause * (0.5 + 0.5 * parts.random()), signal);
    }
  }

  /** Says what ended it, and how long all was well. */
  async function followOnce(stop: AbortSignal): Promise<{ readonly why: unknown; readonly heldMs: number }> {
    const own = new AbortController();
    const signal = AbortSignal.any([stop, own.signal]);
    let why: unknown;
    const end = (reason: unknown): void => {
      why ??= reason;
      own.abort();
    };
    const onOpen = (): void => {
      parts.onOpen();
      keepListing(signal).catch(end);
    };
    const onEvent = (event: EngineEvent): void => {
      if (signal.aborted) return;
      status = { ...status, events: status.events + 1 };
      if (!parts.onEvent(event)) {
        end(new SidebandError('ENGINE_FAILED', { reason: 'more events than can be looked up' }));
      }
    };
    try {
      await engine.follow({ since: parts.position(), onOpen, onEvent, signal });
    } catch (error) {
      end(error);
    }
    own.abort();
    parts.onClosed();
    const heldMs = status.isWatching ? clock.now() - status.since : 0;
    if (status.isWatching && !stop.aborted) status = { ...status, gaps: status.gaps + 1 };
    become(false);
    return { why, heldMs };
  }

  async function keepListing(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await parts.list(signal);
      if (signal.aborted) return;
      become(true);
      noteReturn();
      await sleep(LIST_EVERY_MS, signal);
    }
  }

  function noteGap(error: unknown): void {
    if (brokeAt !== undefined) return;
    brokeAt = clock.now();
    log.info({ err: error }, 'The engine’s events cannot be followed; it is tried again');
  }

  function noteReturn(): void {
    if (brokeAt === undefined) return;
    const gapMs = clock.now() - brokeAt;
    log.warn({ gapMs }, 'The engine’s events were not followed for a while; its containers have been listed');
    brokeAt = undefined;
  }

  return { run, status: () => status };
}
