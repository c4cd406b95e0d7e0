import { parseArgs } from 'node:util';
import { type Bytes, parseByteSize } from '@sideband/shared/byte-size';
import { SidebandError } from '@sideband/shared/errors';

export interface BenchOptions {
  /** One JSON object as the last line of stdout instead of the tables. */
  readonly json: boolean;
  /** The disk's room for images, at 1:100. */
  readonly capacities: readonly Bytes[];
}

export const USAGE = `npm run bench -- week [options]   what each way of choosing images costs in a week of real history
  --capacity SIZE   only this capacity, at 1:100 (default 500MB, 600MB and 800MB)
  --json            one JSON object as the last line of stdout`;

const DEFAULT_CAPACITIES = ['500MB', '600MB', '800MB'] as const;

/** Throws `CONFIG_INVALID` naming the argument. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = readArguments(args);
  if (positionals.length !== 1 || positionals[0] !== 'week') throw refused('command', 'expected week');
  const capacities = values.capacity === undefined ? DEFAULT_CAPACITIES : [values.capacity];
  return { json: values.json ?? false, capacities: capacities.map(parseCapacity) };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, capacity: { type: 'string' } },
    });
  } catch (error) {
    throw refused('arguments', error instanceof Error ? error.message : String(error));
  }
}

function parseCapacity(text: string): Bytes {
  const size = parseByteSize(text);
  if (!size.ok) throw refused('--capacity', size.error.message);
  return size.value;
}

function refused(what: string, problem: string): SidebandError {
  return new SidebandError('CONFIG_INVALID', { problems: [`${what}: ${problem}`] });
}
