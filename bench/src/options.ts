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
  | { readonly bench: 'ingest'; readonly seconds: number }
  | { readonly bench: 'gitlab'; readonly jobs: number }
);

export const USAGE = `npm run bench -- week [options]   what each way of choosing images costs in a week of real history
  --capacity SIZE   only this capacity, at 1:100 (default 500MB, 600MB and 800MB)

npm run bench -- watch [options]  what watching an engine costs, in CPU; starts a dockerd of its own, so it needs root
  --images N        on the engine (default 500)
  --containers N    that come and go (default 1000; takes about 12 minutes)

npm run bench -- ingest [options] how many hooks are taken, and how fast they are answered; starts a Redis of its own
  --seconds N       a round (default 5; takes about 2 and a half minutes)

npm run bench -- gitlab [options] what is asked of GitLab, and how soon it becomes evidence; starts a Redis of its own
  --jobs N          with each kind of GitLab (default 300; takes about a minute and a half)

  --json            one JSON object as the last line of stdout`;

const DEFAULT_CAPACITIES = ['500MB', '600MB', '800MB'] as const;

type Values = ReturnType<typeof readArguments>['values'];

/** Throws `CONFIG_INVALID` naming the argument. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = readArguments(args);
  const [bench, ...more] = positionals;
  const json = values.json ?? false;
  if (more.length > 0) throw noBench();
  switch (bench) {
    case 'week': {
      refuseOthers(values, ['capacity']);
      const capacities = values.capacity === undefined ? DEFAULT_CAPACITIES : [values.capacity];
      return { bench, json, capacities: capacities.map(parseCapacity) };
    }
    case 'watch':
      refuseOthers(values, ['images', 'containers']);
      return {
        bench,
        json,
        images: count(values, 'images', 500),
        containers: count(values, 'containers', 1000),
      };
    case 'ingest':
      refuseOthers(values, ['seconds']);
      return { bench, json, seconds: count(values, 'seconds', 5) };
    case 'gitlab':
      refuseOthers(values, ['jobs']);
      return { bench, json, jobs: count(values, 'jobs', 300) };
    default:
      throw noBench();
  }
}

function noBench(): SidebandError {
  return refused('command', 'expected week, watch, ingest or gitlab');
}

function refuseOthers(values: Values, own: readonly string[]): void {
  const other = Object.keys(values).find((name) => name !== 'json' && !own.includes(name));
  if (other !== undefined) throw refused(`--${other}`, 'is an option of another bench');
}

function count(
  values: Values,
  option: 'images' | 'containers' | 'seconds' | 'jobs',
  unlessTold: number,
): number {
  const text = values[option];
  if (text === undefined) return unlessTold;
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number > 0) return number;
  throw refused(`--${option}`, `${quote(text)} is no number from 1 to 99999`);
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
        seconds: { type: 'string' },
        jobs: { type: 'string' },
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
