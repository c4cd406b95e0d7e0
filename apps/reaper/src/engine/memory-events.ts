import type { Clock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { nanosOf, toPosition } from './event-position.ts';
import type { ContainerEvent, EngineEvent, EventStream, ImageEvent } from './port.ts';

/** As many as Docker keeps for those who ask `since`. */
const RING = 256;
const NANOS_IN_A_MILLISECOND = 1_000_000n;

export type Happening = Omit<ContainerEvent, 'at' | 'position'> | Omit<ImageEvent, 'at' | 'position'>;

export interface MemoryEvents {
  tell(happening: Happening): void;
  /** As the port's. */
  follow(stream: EventStream): Promise<void>;
  /** Ends all that follow, as an engine does that stops, and forgets. */
  end(): void;
}

interface Told {
  readonly nanos: bigint;
  readonly event: EngineEvent;
}

interface Follower {
  give(event: EngineEvent): void;
  end(error: unknown): void;
}

export function createMemoryEvents(clock: Clock): MemoryEvents {
  const ring: Told[] = [];
  const followers = new Set<Follower>();
  let lastNanos = 0n;

  function tell(happening: Happening): void {
    const at = clock.now();
    const now = BigInt(Math.floor(at)) * NANOS_IN_A_MILLISECOND;
    // Two in one millisecond are one after the other all the same.
    lastNanos = now > lastNanos ? now : lastNanos + 1n;
    const event = { ...happening, at, position: toPosition(lastNanos) };
    ring.push({ nanos: lastNanos, event });
    if (ring.length > RING) ring.shift();
    for (const follower of followers) follower.give(event);
  }

  async function follow({ since, onOpen, onEvent, signal }: EventStream): Promise<void> {
    // Not within the call itself: no real engine answers that fast.
    await Promise.resolve();
    if (signal.aborted) return;
    const from = since === undefined ? undefined : nanosOf(since);
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        followers.delete(follower);
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const end = (error: unknown): void => {
        reject(error);
        stop();
      };
      const follower: Follower = { give: (event) => attempt(() => onEvent(event), end), end };
      const missed = ring.filter(({ nanos }) => from !== undefined && nanos >= from);
      signal.addEventListener('abort', stop, { once: true });
      followers.add(follower);
      attempt(onOpen, end);
      for (const { event } of missed) if (followers.has(follower)) follower.give(event);
    });
  }

  function end(): void {
    ring.length = 0;
    for (const follower of followers) {
      follower.end(new SidebandError('ENGINE_UNAVAILABLE', { engine: 'in-memory' }));
    }
  }

  return { tell, follow, end };
}

function attempt(action: () => void, failed: (error: unknown) => void): void {
  try {
    action();
  } catch (error) {
    failed(error);
  }
}
