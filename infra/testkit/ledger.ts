import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { quote } from '@sideband/shared/quote';
import * as z from 'zod/mini';
import { identify, type ProcessIdentity } from './process-identity.ts';

const FILE = 'ledger.jsonl';
const identity = { pid: z.int().check(z.positive()), start: z.string().check(z.minLength(1)) };
const entrySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('owner'), ...identity }),
  z.object({ kind: z.literal('child'), what: z.string(), ...identity }),
  z.object({ kind: z.literal('path'), path: z.string().check(z.refine((path) => path === resolve(path))) }),
]);
type Entry = z.infer<typeof entrySchema>;

/** Says, on disk, what a run started, so that the next one can undo it if this one is killed. See `sweep`. */
export interface Ledger {
  /** Call in the same turn as the spawn: nothing can come between the two but a kill. */
  child(pid: number, what: string): void;
  /** A file or directory that a sweep shall remove. Call before making it. */
  path(path: string): void;
}

export interface LedgerContent {
  readonly owner: ProcessIdentity | undefined;
  readonly children: readonly (ProcessIdentity & { readonly what: string })[];
  readonly paths: readonly string[];
}

/**
 * Begins a ledger in a directory, or goes on with our own.
 * Throws when it is another process's: that one lives, or was killed and `sweep` has not been there yet.
 */
export function writeLedger(directory: string): Ledger {
  const file = join(directory, FILE);
  mkdirSync(directory, { recursive: true });
  const owner = readLedger(directory)?.owner;
  const self = identify(process.pid);
  if (self === undefined) throw new Error('This process cannot find itself in the process table');
  if (owner === undefined) append(file, { kind: 'owner', ...self });
  else if (owner.pid !== self.pid || owner.start !== self.start)
    throw new Error(`${file} belongs to process ${owner.pid}`);
  return {
    child(pid, what) {
      const child = identify(pid);
      if (child !== undefined) append(file, { kind: 'child', what, ...child });
    },
    path: (path) => append(file, { kind: 'path', path: resolve(path) }),
  };
}

/** Forgets all that was recorded, once it is undone. */
export function removeLedger(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}

/** What a directory's ledger says, or undefined when it has none. */
export function readLedger(directory: string): LedgerContent | undefined {
  const file = join(directory, FILE);
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  // What follows the last line feed was cut off by the kill; the act it announces never happened.
  const entries = text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => parseEntry(line, `${file}:${index + 1}`));
  return {
    owner: entries.find((entry) => entry.kind === 'owner'),
    children: entries.filter((entry) => entry.kind === 'child'),
    paths: entries.filter((entry) => entry.kind === 'path').map((entry) => entry.path),
  };
}

/** One `write` a line: a kill leaves a line whole or not there. */
function append(file: string, entry: Entry): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

function parseEntry(line: string, where: string): Entry {
  const parsed = entrySchema.safeParse(jsonOrUndefined(line));
  if (!parsed.success) throw new Error(`${where} is no ledger entry: ${quote(line)}`);
  return parsed.data;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
