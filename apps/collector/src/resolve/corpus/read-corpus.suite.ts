import type { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createTraceReader, TRACE_LIMITS, type TraceHead } from '../trace-reader.ts';

export interface CorpusCase {
  readonly name: string;
  readonly trace: Buffer;
}

const FOLDER = import.meta.dirname;

export function readCorpus(): readonly CorpusCase[] {
  return filesOf('.trace').map((name) => ({
    name,
    trace: readFileSync(path.join(FOLDER, `${name}.trace`)),
  }));
}

/** Names of the cases that have a file with this ending. */
export function filesOf(ending: '.trace' | '.json'): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

export function expectedOf(name: string): unknown {
  return JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'));
}

export function read(trace: Uint8Array, limits = TRACE_LIMITS): TraceHead {
  const reader = createTraceReader(limits);
  reader.push(trace);
  return reader.finish();
}
