import { parseArgs } from 'node:util';
import { type Bytes, parseByteSize } from '@sideband/shared/byte-size';
import { SidebandError } from '@sideband/shared/errors';
import { quote } from '@sideband/shared/quote';

export type BenchOptions = {
  /** One JSON object as the last line of stdout instead of the tables. */
  readonly json: boolean;
} & (
  | {
      readonly bench: 'week';
      /** The disk's room for images, at 1:100. */
      readonly capacities: readonly Bytes[];
    }
  | { readonly bench: 'watch'; readonly images: number; readonly containers: number }
);

export const USAGE = `npm run bench -- week [options]   what each way of choosing images costs in a week of real history
  --capacity SIZE   only this capacity, at 1:100 (default 500MB, 600MB and 800MB)

npm run bench -- watch [options]  what watching an engine costs, in CPU; starts a dockerd of its own, so it needs root
  --images N        on the engine (default 500)
  --containers N    that come and go (default 1000; takes about 12 minutes)

  --json            one JSON object as the last line of stdout`;

const DEFAULT_CAPACITIES = ['500MB', '600MB', '800MB'] as const;

/** Throws `CONFIG_INVALID` naming the argument. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = readArguments(args);
  const [bench, ...more] = positionals;
  const json = values.json ?? false;
  if (more.length === 0 && bench === 'week') {
    refuseOthers(values, ['capacity']);
    const capacities = values.capacity === undefined ? DEFAULT_CAPACITIES : [values.capacity];
    return { bench, json, capacities: capacities.map(parseCapacity) };
  }
  if (more.length === 0 && bench === 'watch') {
    refuseOthers(values, ['images', 'containers']);
    const images = parseCount('--images', values.images ?? '500');
    return { bench, json, images, containers: parseCount('--containers', values.containers ?? '1000') };
  }
  throw refused('command', 'expected week or watch');
}

function refuseOthers(values: Readonly<Record<string, unknown>>, own: readonly string[]): void {
  const other = Object.keys(values).find((name) => name !== 'json' && !own.includes(name));
  if (other !== undefined) throw refused(`--${other}`, 'is an option of the other bench');
}

function parseCount(option: string, text: string): number {
  const count = Number(text);
  if (/^\d{1,5}$/.test(text) && count > 0) return count;
  throw refused(option, `${quote(text)} is no number from 1 to 99999`);
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        capacity: { type: 'string' },
        images: { type: 'string' },
        containers: { type: 'string' },
      },
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
