import { appendFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostRecords, JournalEntry } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';

/** What was evicted, when and why. */
export interface Journal {
  /** Never throws: on a full disk or without Redis an eviction still has to go on. */
  append(entries: readonly JournalEntry[]): Promise<void>;
}

// About 10,000 entries; one older file of the same size is kept beside it.
const FILE_LIMIT_BYTES = 5_000_000;
const PENDING_LIMIT = 2_000;

/**
 * Written to the state directory first and to Redis second. What Redis could not take is delivered with the
 * next entries, up to 2,000 of them; the file has all. Without Redis (`records` undefined) there is the file alone.
 */
export function createJournal(
  stateDirectory: string,
  host: HostName,
  records: Pick<HostRecords, 'appendJournal'> | undefined,
  log: Log,
): Journal {
  const path = join(stateDirectory, 'journal.jsonl');
  let pending: JournalEntry[] = [];
  return {
    append: async (entries) => {
      if (entries.length > 0) await writeLines(path, entries, log);
      if (records === undefined) return;
      pending = [...pending, ...entries].slice(-PENDING_LIMIT);
      if (pending.length === 0) return;
      const delivering = pending;
      try {
        await records.appendJournal(host, delivering);
        pending = pending.slice(delivering.length);
      } catch (error) {
        log.warn({ err: error, waiting: pending.length }, 'The journal waits for Redis');
      }
    },
  };
}

/** Each entry begins a line of its own: what an append cut off by a full disk left there harms only itself. */
async function writeLines(path: string, entries: readonly JournalEntry[], log: Log): Promise<void> {
  try {
    const size = await stat(path).then(
      (file) => file.size,
      () => 0,
    );
    if (size > FILE_LIMIT_BYTES) await rename(path, `${path}.1`);
    await appendFile(path, entries.map((entry) => `\n${JSON.stringify(entry)}`).join(''), { mode: 0o600 });
  } catch (error) {
    log.warn({ err: error }, 'The journal could not be written to the state directory');
  }
}
