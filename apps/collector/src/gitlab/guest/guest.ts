import { setTimeout as sleep } from 'node:timers/promises';
import type { RequesterType, ResourceOptions } from '@gitbeaker/requester-utils';
import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import { createRequester } from '../requester.ts';
import type { GitLabSettings } from '../settings.ts';
import { createAsk } from './ask.ts';
import type { Budget } from './budget.ts';
import { createCircuit } from './circuit.ts';
import { createDispatcher } from './dispatcher.ts';
import { createTraceOpener } from './open-trace.ts';
import type { RequestOutcome } from './request-outcome.ts';

export interface GuestOptions {
  readonly settings: GitLabSettings;
  /** One that throws nothing: in memory, or shared. */
  readonly budget: Budget;
  readonly clock: Clock;
  /** From 0 up to but not 1. */
  readonly random: () => number;
  readonly log: Log;
  /** For a whole JSON answer; for a log until its headers and between any two of its pieces. */
  readonly timeoutMs: number;
  /** Resolves after so many milliseconds. Default: a real timer. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
  /** Told of each request, whether or not it reached GitLab. */
  readonly onRequest?: ((outcome: RequestOutcome) => void) | undefined;
  /** Told of each piece of a trace: its bytes on the wire, before decompression. */
  readonly onTraceBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Everything Sideband sends to one GitLab goes through its guest: permits, circuit, retries, token, proxy and
 * trust. It throws what the `GitLab` port says, and nothing that holds a request.
 */
export interface Guest {
  /** For gitbeaker's resources, beside `host`. The guest adds the token itself: give gitbeaker none. */
  readonly requesterFn: (resource: ResourceOptions) => RequesterType;
  /** A log from its first byte, decoded. `path` is below `/api/v4/`; stop iterating and no more is asked for. */
  openTrace(path: string): AsyncIterable<Uint8Array>;
  /** Closes the connections, those in use too. */
  close(): Promise<void>;
}

/** Throws `CONFIG_INVALID` if the settings' authorities or proxy cannot be used. */
export function createGuest(options: GuestOptions): Guest {
  const { settings, clock, random, log, timeoutMs, pause = (milliseconds) => sleep(milliseconds) } = options;
  const dispatcher = createDispatcher(settings, timeoutMs);
  const circuit = createCircuit({ instance: settings.instance, clock, random, log });
  const ask = createAsk({ ...options, wire: { dispatcher, clock, timeoutMs }, circuit, pause });
  return {
    requesterFn: createRequester(ask, timeoutMs),
    openTrace: createTraceOpener({ ask, silenceMs: timeoutMs, onTraceBytes: options.onTraceBytes }),
    close: () => dispatcher.destroy(),
  };
}
