import { parseArgs } from 'node:util';
import { type Bytes, parseByteSize } from '@sideband/shared/byte-size';
import { SidebandError } from '@sideband/shared/errors';

export interface DemoOptions {
  /** To the week's end as fast as it will go, a check after each event. */
  readonly once: boolean;
  /** One JSON object as the last line of stdout; everything else goes to stderr. */
  readonly json: boolean;
  /** `budget`: the images' total is limited. `disk`: the disk itself fills. `tight`: so full that pulls fail. */
  readonly limit: 'budget' | 'disk' | 'tight';
  readonly budgetBytes: Bytes;
  /** How long the week takes when it is watched. */
  readonly minutes: number;
  /** How much of the week is replayed. */
  readonly days: number;
  readonly engine: 'sandbox' | 'memory';
  /** Redis loses all it has in the middle of the week. */
  readonly emptyRedis: boolean;
  /** Where everything goes; `.sideband/demo` under the checkout unless told. */
  readonly directory: string | undefined;
}

export const USAGE = `npm start -- [options]      the demonstration: a week of real CI history on a sandbox engine
  --minutes N     how long the week takes (default 10)
  --days N        only the first N days of the week
  --once          to its end as fast as it will go, a check after each event, then exit
  --json          with --once: print one JSON object last
  --budget SIZE   the images' budget (default 600MB)
  --disk          no budget: the disk itself fills
  --tight         with --disk: so little room that pulls fail and must be recovered
  --empty-redis   with --once: Redis loses all it has in the middle of the week
  --engine memory an in-memory engine instead of the sandbox (chosen by itself where no engine can be started)
  --directory DIR where everything goes (default .sideband/demo)`;

/** Throws `CONFIG_INVALID` naming the option. */
export function parseOptions(args: readonly string[]): DemoOptions {
  const { values } = readArguments(args);
  const budget = parseByteSize(values.budget ?? '600MB');
  if (!budget.ok) throw refused('--budget', budget.error.message);
  const minutes = Number(values.minutes ?? '10');
  if (!Number.isFinite(minutes) || minutes <= 0 || minutes > 10_080) {
    throw refused('--minutes', 'expected a number above 0 and at most 10080, the week itself');
  }
  const days = Number(values.days ?? '7');
  if (!Number.isFinite(days) || days <= 0 || days > 7)
    throw refused('--days', 'expected a number above 0 and at most 7');
  const engine = values.engine ?? 'sandbox';
  if (engine !== 'sandbox' && engine !== 'memory') throw refused('--engine', 'expected sandbox or memory');
  if (values.json && !values.once) throw refused('--json', 'it needs --once');
  if (values['empty-redis'] && !values.once) throw refused('--empty-redis', 'it needs --once');
  if (values.tight && !values.disk) throw refused('--tight', 'it needs --disk');
  if (values.disk && values.budget !== undefined)
    throw refused('--budget', 'it cannot be combined with --disk');
  const disk = values.tight ? 'tight' : 'disk';
  return {
    once: values.once ?? false,
    json: values.json ?? false,
    limit: values.disk ? disk : 'budget',
    budgetBytes: budget.value,
    minutes,
    days,
    engine,
    emptyRedis: values['empty-redis'] ?? false,
    directory: values.directory,
  };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean' },
        json: { type: 'boolean' },
        disk: { type: 'boolean' },
        tight: { type: 'boolean' },
        budget: { type: 'string' },
        minutes: { type: 'string' },
        days: { type: 'string' },
        engine: { type: 'string' },
        'empty-redis': { type: 'boolean' },
        directory: { type: 'string' },
      },
    });
  } catch (error) {
    throw refused('arguments', error instanceof Error ? error.message : String(error));
  }
}

function refused(setting: string, problem: string): SidebandError {
  return new SidebandError('CONFIG_INVALID', { problems: [`${setting}: ${problem}`] });
}
