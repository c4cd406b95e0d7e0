import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import { earlier, isAfter, positionAt } from './event-position.ts';
import { lineSplitter } from './lines.ts';
import { createOddities } from './oddities.ts';
import { EVENT_FILTERS, parseEvent } from './parse-event.ts';
import type { EventPosition, EventStream } from './port.ts';
import type { Wire } from './wire.ts';

/** For the head of the answer, which both engines send before there is an event. */
const HEAD_TIMEOUT_MS = 10_000;
/**
 * Gone back from where one was. Events are told in another order than that of their times, and Docker looks back
 * through its ring only up to the first that is older than `since`; Podman leaves the very moment out.
 * What comes twice by that does no harm.
 */
const SLACK_MS = 1_000;

export interface EventSource {
  readonly wire: Pick<Wire, 'stream'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Follows an engine's events. See the port. */
export async function followEvents({ wire, clock, log }: EventSource, stream: EventStream): Promise<void> {
  const oddities = createOddities(log);
  const onChunk = lineSplitter({
    onLine(line) {
      const parsed = parseEvent(line);
      if (parsed.ok) stream.onEvent(parsed.event);
      else oddities.note(parsed.kind);
    },
    onTooLong: () => oddities.note('a line too long'),
  });
  const query = { since: sinceOf(stream.since, clock), filters: EVENT_FILTERS };
  const call = { method: 'GET', path: '/events', query, timeoutMs: HEAD_TIMEOUT_MS } as const;
  await wire.stream(call, { onOpen: stream.onOpen, onChunk, signal: stream.signal });
}

/**
 * Never left out: an engine subscribes us only after it has sent the head of its answer, and what happens between
 * the two would be lost. Nor ever ahead of now, as after a clock was set back: Podman (4.3.1) tells nothing until then.
 */
function sinceOf(position: EventPosition | undefined, clock: Clock): EventPosition {
  const now = clock.now();
  const resumed = position === undefined ? undefined : earlier(position, SLACK_MS);
  return resumed === undefined || isAfter(resumed, now) ? positionAt(now) : resumed;
}
