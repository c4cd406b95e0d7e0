import type { Notice } from '@sideband/shared/hosts/records';
import type { EnginePlace } from './engine-place.ts';
import type { Standing } from './report.ts';
import type { Watch } from './watch/port.ts';

/** How the host stands, beside its images and its disk. */
export function createStanding(parts: {
  readonly watch: Pick<Watch, 'status'>;
  readonly place: Pick<EnginePlace, 'isElsewhere'>;
  /** What the collector has noticed; undefined where there is none. */
  readonly notice: () => Notice | undefined;
}): { readonly now: () => Standing; disagreed(): void } {
  const { watch, place, notice } = parts;
  let disagreements = 0;
  return {
    now: () => {
      const { isWatching } = watch.status();
      const warnings = warningsOf({ isWatching, isElsewhere: place.isElsewhere(), notice: notice() });
      return { isWatching, disagreements, warnings };
    },
    disagreed: () => {
      disagreements += 1;
    },
  };
}

/** A sentence for each thing an operator should know. */
function warningsOf(known: {
  readonly isWatching: boolean;
  readonly isElsewhere: boolean;
  readonly notice: Notice | undefined;
}): readonly string[] {
  const { isWatching, isElsewhere, notice } = known;
  const warnings: string[] = [];
  if (isElsewhere) {
    warnings.push(
      'The engine’s images are not on the disk that is measured here, or another root is measured: nothing is evicted.',
    );
  }
  if (!isWatching) warnings.push('The engine’s events are not seen at the moment.');
  const [engine, manager] = [notice?.sharesEngineWith ?? [], notice?.sharesManagerWith ?? []];
  if (engine.length > 0) warnings.push(`Another reaper works on this engine, as ${engine.join(', ')}.`);
  if (manager.length > 0) {
    warnings.push(
      `It shares a runner manager with ${manager.join(', ')}: a job that no watch saw counts on each of them.`,
    );
  }
  return warnings;
}
