import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JournalEntry, journalEntry } from '@sideband/shared/hosts/records';
import { parseJson } from '@sideband/shared/json';
import { programCommand } from '../demo/programs.ts';
import { startChild } from '../testkit/child.ts';
import type { Ledger } from '../testkit/ledger.ts';
import { until } from '../testkit/until.ts';
import type { Program } from './fleet.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A reaper with neither Redis nor GitLab, as an operator begins. Resolves when it says that it runs. */
export async function startLoneReaper(options: {
  /** For its log. */
  readonly directory: string;
  readonly stateDirectory: string;
  readonly sandbox: { readonly socketPath: string };
  /** YAML. */
  readonly policy: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** What it says when it is as far as the test wants it. */
  readonly ready?: string;
  readonly ledger: Ledger;
}): Promise<Program> {
  const {
    directory,
    stateDirectory,
    sandbox,
    policy,
    settings = {},
    ready = 'Reaper runs',
    ledger,
  } = options;
  await mkdir(stateDirectory, { recursive: true });
  const policyFile = join(directory, 'policy.yaml');
  await writeFile(policyFile, policy);
  const logFile = join(directory, 'reaper.log');
  const begun = await readFile(logFile, 'utf8').catch(() => '');
  const { command, args } = programCommand('reaper');
  const child = await startChild({
    command,
    args: [...args, 'run', '--standalone'],
    env: {
      PATH: process.env['PATH'],
      SIDEBAND_HOST: 'lone',
      SIDEBAND_ENGINE: `unix://${sandbox.socketPath}`,
      SIDEBAND_STATE_DIR: stateDirectory,
      SIDEBAND_POLICY: policyFile,
      SIDEBAND_SYSTEM_ID_FILE: join(stateDirectory, 'none'),
      SIDEBAND_LOOK_EVERY: '100ms',
      SIDEBAND_CHECK_EVERY: '1s',
      ...settings,
    },
    directory: ROOT,
    logFile,
    ledger,
  });
  const log = async (): Promise<string> => (await readFile(logFile, 'utf8')).slice(begun.length);
  await until('the reaper to run', async () => child.hasExited() || (await log()).includes(`"${ready}"`), {
    timeoutMs: 60_000,
  });
  if (child.hasExited()) throw new Error(`The reaper ended at once:\n${await child.logTail()}`);
  return { ...child, log };
}

/** All that a reaper has written down of the use of its images, as it is in its files. */
export async function evidenceOf(stateDirectory: string): Promise<string> {
  const files = ['evidence.json', 'evidence.log'].map((file) =>
    readFile(join(stateDirectory, file), 'utf8').catch(() => ''),
  );
  return (await Promise.all(files)).join('\n');
}

/** What it wrote of its evictions, oldest first. */
export async function journalOf(stateDirectory: string): Promise<readonly JournalEntry[]> {
  const text = await readFile(join(stateDirectory, 'journal.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const entry = journalEntry.safeParse(parseJson(line));
    return entry.success ? [entry.data] : [];
  });
}
