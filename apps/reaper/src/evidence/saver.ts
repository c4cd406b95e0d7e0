import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { EvidenceFiles } from './evidence-files.ts';

/** Brings what was learned to the disk, one write at a time. No method throws. */
export interface Saver {
  /** Resolves when it is on disk, or when the disk refused it: then it goes with a later one. */
  save(text: string): Promise<void>;
  /** Resolves when all that was saved before has been tried. */
  settled(): Promise<void>;
  /** Makes the snapshot whole, so that the log can go. */
  close(): Promise<void>;
}

/** About 3,000 uses. Beyond it the log goes into the snapshot, which for 20,000 identities is some 3 MB. */
const LOG_LIMIT_BYTES = 1_000_000;
/** A snapshot takes tens of milliseconds to make, so on a full disk it is not tried with each use. */
const SNAPSHOT_RETRY_MS = 1_000;

export function createSaver(parts: {
  readonly files: EvidenceFiles;
  readonly logBytes: number;
  readonly snapshot: () => string;
  readonly clock: Clock;
  readonly log: Log;
}): Saver {
  const { files, snapshot, clock, log } = parts;
  let { logBytes } = parts;
  let waiting: string[] = [];
  let waitingBytes = 0;
  // What waits has become too much for the log: only a snapshot brings the disk up to date.
  let isSnapshotDue = false;
  let snapshotFailedAt: number | undefined;
  let isFailing = false;
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  function wait(text: string): void {
    waiting.push(text);
    waitingBytes += Buffer.byteLength(text) + 1;
    if (logBytes + waitingBytes > LOG_LIMIT_BYTES) isSnapshotDue = true;
    if (isSnapshotDue) takeWaiting();
  }

  function takeWaiting(): readonly string[] {
    const taken = waiting;
    waiting = [];
    waitingBytes = 0;
    return taken;
  }

  async function write(): Promise<void> {
    if (isSnapshotDue) {
      if (!hasPassed(snapshotFailedAt, SNAPSHOT_RETRY_MS)) return;
      await attempt(writeSnapshot);
    } else if (waiting.length > 0) {
      await attempt(writeLog);
    }
  }

  async function writeSnapshot(): Promise<void> {
    // What is saved from here on is for the log that comes after this snapshot.
    isSnapshotDue = false;
    logBytes = 0;
    takeWaiting();
    try {
      await files.replace(snapshot());
      snapshotFailedAt = undefined;
    } catch (error) {
      logBytes = await files.logBytes();
      isSnapshotDue = true;
      takeWaiting();
      snapshotFailedAt = clock.now();
      throw error;
    }
  }

  async function writeLog(): Promise<void> {
    const texts = takeWaiting();
    try {
      await files.append(texts);
      logBytes += texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
    } catch (error) {
      logBytes = await files.logBytes();
      const later = takeWaiting();
      for (const text of [...texts, ...later]) wait(text);
      throw error;
    }
  }

  async function attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run();
      if (isFailing) log.info('The evidence is on disk again');
      isFailing = false;
    } catch (error) {
      if (!isFailing) {
        log.error(
          { err: error },
          'The evidence cannot be written to the state directory: it stays in memory',
        );
      }
      isFailing = true;
    }
  }

  /** A clock that was set back must not make it longer. */
  function hasPassed(since: number | undefined, milliseconds: number): boolean {
    return since === undefined || Math.abs(clock.now() - since) >= milliseconds;
  }

  function soon(): Promise<void> {
    // What is saved while a write is under way goes into the next one, all of it at once.
    next ??= last.then(() => {
      next = undefined;
      return write();
    });
    last = next;
    return next;
  }

  return {
    save: (text) => {
      wait(text);
      return soon();
    },
    settled: () => last,
    close: async () => {
      await last;
      if (logBytes === 0 && waiting.length === 0 && !isSnapshotDue) return;
      isSnapshotDue = true;
      snapshotFailedAt = undefined;
      await soon();
    },
  };
}
