import { existsSync } from 'node:fs';
import { appendFile, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@sideband/shared/json';
import type { Log } from '@sideband/shared/log';
import { writeAtomically } from '@sideband/shared/write-atomically';
import type { Entry } from './entry.ts';
import { parseEntry } from './entry-text.ts';

/** The snapshot and the log of what came after it, in the state directory. */
export interface EvidenceFiles {
  /** The snapshot, then the log, oldest first. Never throws: what is not understood is set aside and reported. */
  load(): Promise<readonly Entry[]>;
  /** Of the log. */
  logBytes(): Promise<number>;
  /** Throws what the system says. */
  append(texts: readonly string[]): Promise<void>;
  /** In the place of both: killed in between, the log is still there and says nothing new. Throws what the system says. */
  replace(snapshot: string): Promise<void>;
}

export function createEvidenceFiles(stateDirectory: string, log: Log): EvidenceFiles {
  const snapshotPath = join(stateDirectory, 'evidence.json');
  const logPath = join(stateDirectory, 'evidence.log');
  // Of another version, or nobody's: not for us to delete.
  let isLogForeign = false;

  async function loadSnapshot(): Promise<readonly Entry[]> {
    const text = await readIfThere(snapshotPath);
    if (text === undefined) return [];
    const parsed = text instanceof Error ? undefined : parseEntry(text);
    if (parsed !== undefined) {
      const { entry, broken } = parsed;
      if (broken > 0) log.error({ path: snapshotPath, broken }, 'Parts of the evidence were not understood');
      return [entry];
    }
    const aside = `${snapshotPath}.unreadable`;
    log.error(
      { path: snapshotPath, aside, err: text instanceof Error ? text : undefined },
      'The evidence cannot be read: it is set aside, and this host begins with its log and what Redis has',
    );
    await rename(snapshotPath, aside).catch((error) => log.error({ err: error, aside }, 'It stays in place'));
    return [];
  }

  async function loadLog(): Promise<readonly Entry[]> {
    const text = await readIfThere(logPath);
    if (text === undefined) return [];
    if (text instanceof Error) {
      isLogForeign = true;
      log.error({ path: logPath, err: text }, 'The log of the evidence cannot be read');
      return [];
    }
    const lines = text.split('\n').filter((line) => line !== '');
    const parsed = lines.map(parseEntry);
    const known = parsed.filter((line) => line !== undefined);
    // A line that was cut off by a kill or a full disk is no JSON, and nobody was told that it is kept.
    const cut = lines.filter((line, i) => parsed[i] === undefined && parseJson(line) === undefined).length;
    const foreign = lines.length - known.length - cut;
    const broken = known.reduce((sum, line) => sum + line.broken, 0);
    isLogForeign = foreign > 0;
    if (cut + foreign + broken > 0) {
      log.warn({ path: logPath, cut, foreign, broken }, 'Lines of the evidence were not understood');
    }
    return known.map(({ entry }) => entry);
  }

  return {
    load: async () => [...(await loadSnapshot()), ...(await loadLog())],
    logBytes: async () =>
      stat(logPath).then(
        (file) => file.size,
        () => 0,
      ),
    // Each begins a line of its own: what an append cut off by a full disk left there harms only itself.
    append: (texts) => appendFile(logPath, texts.map((text) => `\n${text}`).join(''), { mode: 0o600 }),
    replace: async (snapshot) => {
      await writeAtomically(snapshotPath, snapshot);
      if (isLogForeign) await rename(logPath, `${logPath}.unreadable`);
      else await rm(logPath, { force: true });
      isLogForeign = false;
    },
  };
}

async function readIfThere(path: string): Promise<string | Error | undefined> {
  if (!existsSync(path)) return undefined;
  return readFile(path, 'utf8').catch((error: Error) => error);
}
