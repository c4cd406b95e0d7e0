import type { Identity, Use } from '@sideband/shared/evidence/model';
import type { JobClaim } from '@sideband/shared/hosts/records';

export interface Batch {
  readonly uses: readonly Use[];
  readonly pulled: readonly Identity[];
  readonly claims: readonly JobClaim[];
}

/** Runs something later, unless what it answers with is called before. */
export type Schedule = (run: () => void, milliseconds: number) => () => void;

/** What waits for Redis, in the order it was seen: at once where nothing was sent for a second, else with the rest of it. */
export interface Delivery {
  add(batch: Batch): void;
  /** Sends what waits. Resolves when that was tried. */
  flush(): Promise<void>;
  /** Nothing is sent any more unless `flush` is called. */
  stop(): void;
}

const PAUSE_MS = 1_000;
/** Of each kind, the newest: some minutes of the busiest host. */
const WAITING = 5_000;

/** `send` says whether it is done with the batch; else that is sent again with the next, and it must not throw. */
export function createDelivery(send: (batch: Batch) => Promise<boolean>, schedule: Schedule): Delivery {
  let waiting = emptyBatch();
  let cancel: (() => void) | undefined;
  let isStopped = false;
  let last: Promise<void> = Promise.resolve();

  async function sendWaiting(): Promise<void> {
    if (isEmpty(waiting)) return;
    const batch = waiting;
    waiting = emptyBatch();
    if (await send(batch)) return;
    const later = waiting;
    waiting = batch;
    addTo(waiting, later);
    pause();
  }

  function flush(): Promise<void> {
    last = last.then(sendWaiting);
    return last;
  }

  function pause(): void {
    if (isStopped) return;
    cancel ??= schedule(() => {
      cancel = undefined;
      if (!isEmpty(waiting)) sendAndPause();
    }, PAUSE_MS);
  }

  function sendAndPause(): void {
    pause();
    void flush();
  }

  return {
    add: (batch) => {
      addTo(waiting, batch);
      if (cancel === undefined && !isStopped && !isEmpty(waiting)) sendAndPause();
    },
    flush,
    stop: () => {
      isStopped = true;
      cancel?.();
      cancel = undefined;
    },
  };
}

interface Waiting extends Batch {
  readonly uses: Use[];
  readonly pulled: Identity[];
  readonly claims: JobClaim[];
}

function emptyBatch(): Waiting {
  return { uses: [], pulled: [], claims: [] };
}

function isEmpty({ uses, pulled, claims }: Batch): boolean {
  return uses.length + pulled.length + claims.length === 0;
}

function addTo(waiting: Waiting, more: Batch): void {
  addNewest(waiting.uses, more.uses);
  addNewest(waiting.pulled, more.pulled);
  addNewest(waiting.claims, more.claims);
}

function addNewest<T>(list: T[], more: readonly T[]): void {
  for (const item of more) list.push(item);
  if (list.length > WAITING) list.splice(0, list.length - WAITING);
}
