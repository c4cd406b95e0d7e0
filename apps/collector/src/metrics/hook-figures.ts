import { Counter, Histogram, type Registry } from 'prom-client';
import { HOOK_OUTCOMES, type HookMetrics, SHED_REASONS, type SourceKind } from '../receive/hook-outcome.ts';

const SOURCES = ['project', 'group', 'system', 'file'] as const satisfies readonly SourceKind[];
/** Around the 50 ms within which 99 of 100 hooks are to be answered; a second is what the queue is given. */
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];

/** What comes in. */
export function createHookFigures(registers: Registry[]): HookMetrics {
  const answered = new Counter({
    name: 'sideband_collector_hooks_total',
    help: 'Hooks by the kind of their source and by what became of them.',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'sideband_collector_hook_duration_seconds',
    help: 'Time from the head of a hook to the end of its answer.',
    buckets: SECONDS,
    registers,
  });
  const shed = new Counter({
    name: 'sideband_collector_hooks_shed_total',
    help: 'Hooks that were sent away before they were read, by what there was too much of.',
    labelNames: ['reason'],
    registers,
  });
  const leftOut = new Counter({
    name: 'sideband_collector_builds_left_out_total',
    help: 'Jobs of pipelines that were too large for one hook; reconcile finds them.',
    registers,
  });
  // A series that is there from the start shows its first increase; one that appears with it does not.
  for (const source of SOURCES) for (const outcome of HOOK_OUTCOMES) answered.inc({ source, outcome }, 0);
  for (const reason of SHED_REASONS) shed.inc({ reason }, 0);

  return {
    hookAnswered(source, outcome, seconds) {
      answered.inc({ source, outcome });
      duration.observe(seconds);
    },
    hookShed: (reason) => shed.inc({ reason }),
    buildsLeftOut: (count) => leftOut.inc(count),
  };
}
