import type { EngineImage } from '@sideband/reaper/engine/port';
import { parsePolicy } from '@sideband/reaper/plan/parse-policy';
import { plan } from '@sideband/reaper/plan/plan';
import type { Millis } from '@sideband/shared/clock';
import { seededRandom } from '../seeded-random.ts';
import { makeSnapshot } from './make-snapshot.ts';
import { quantile } from './quantile.ts';

interface Times {
  readonly medianMicros: number;
  readonly p99Micros: number;
}

export interface PlanTime {
  readonly images: number;
  /** Images the plan would evict. */
  readonly evictions: number;
  readonly rounds: number;
  readonly plan: Times;
  /** The peer: sorting the same images by their date, which is all that a prune by age has to do. */
  readonly sortByDate: Times;
  /** Plan ÷ sort. */
  readonly ratio: { readonly median: number; readonly p99: number };
}

export interface PlanMeasurement {
  readonly images: number;
  readonly rounds: number;
  /** A stopwatch. */
  readonly microseconds: () => number;
}

/** Rounds that do not count: the first plans are slow until their code has been compiled. */
const WARM_UP = 50;
const NOW = 1_680_299_829_000 as Millis;

/** How long a plan takes, in turns with the peer, so that both meet the same machine. */
export function measurePlan({ images, rounds, microseconds }: PlanMeasurement): PlanTime {
  const snapshot = makeSnapshot(images, NOW, seededRandom(1));
  const policy = parsePolicy('{ mode: enforce, disk: { start: 10%, stop: 20% } }', 'bench');
  const planning: number[] = [];
  const sorting: number[] = [];
  let evictions = 0;
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const begun = microseconds();
    evictions = plan(snapshot, policy, NOW).evictions.length;
    const planned = microseconds();
    sortByDate(snapshot.images);
    const sorted = microseconds();
    if (round < 0) continue;
    planning.push(planned - begun);
    sorting.push(sorted - planned);
  }
  const planTimes = times(planning);
  const sortTimes = times(sorting);
  return {
    images,
    evictions,
    rounds,
    plan: planTimes,
    sortByDate: sortTimes,
    ratio: {
      median: planTimes.medianMicros / sortTimes.medianMicros,
      p99: planTimes.p99Micros / sortTimes.p99Micros,
    },
  };
}

function sortByDate(images: readonly EngineImage[]): readonly EngineImage[] {
  return [...images].sort((a, b) => a.arrivedAt - b.arrivedAt);
}

function times(micros: readonly number[]): Times {
  return { medianMicros: quantile(micros, 0.5), p99Micros: quantile(micros, 0.99) };
}
