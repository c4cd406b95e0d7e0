import { once } from 'node:events';
import { until } from '@sideband/infra/testkit/until';
import type { Engine, EngineEvent, EventPosition } from './port.ts';

/** An engine's events as a test sees them. */
export interface Following {
  readonly events: readonly EngineEvent[];
  /** The first event of this kind and action, now or later: `container die`, or of one thing: `container die <id>`. */
  first(like: string): Promise<EngineEvent>;
  /** As the engine's `follow` ends. */
  readonly ended: Promise<void>;
  /** Resolves when the following has ended because of it. */
  stop(): Promise<void>;
}

/** Begins to follow, and answers when the engine has begun to tell; throws what `follow` throws. */
export async function startFollowing(engine: Engine, since?: EventPosition): Promise<Following> {
  const events: EngineEvent[] = [];
  const abort = new AbortController();
  const opening = new EventTarget();
  const opened = once(opening, 'open');
  const ended = engine.follow({
    since,
    onOpen: () => void opening.dispatchEvent(new Event('open')),
    onEvent: (event) => void events.push(event),
    signal: abort.signal,
  });
  await Promise.race([opened, ended]);
  return {
    events,
    first: (like) =>
      until(`an event like "${like}"`, async () => events.find((event) => isLike(event, like))),
    ended,
    async stop() {
      abort.abort();
      await ended;
    },
  };
}

function isLike(event: EngineEvent, like: string): boolean {
  const subject = event.kind === 'container' ? event.container : event.image;
  return `${event.kind} ${event.action} ${subject} `.startsWith(`${like} `);
}
