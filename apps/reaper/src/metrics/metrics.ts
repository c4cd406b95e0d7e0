import type { Clock } from '@sideband/shared/clock';
import type { JournalEntry } from '@sideband/shared/hosts/records';
import { Counter, Registry } from 'prom-client';
import type { EngineCall } from '../engine/engine-call.ts';
import { CONTAINER_ACTIONS, type EngineEvent, IMAGE_ACTIONS } from '../engine/port.ts';
import { type CycleSeen, createGauges, type Now, type WatchSeen } from './gauges.ts';
import { collectProcessMetrics } from './process-metrics.ts';

type Outcome = Exclude<JournalEntry['outcome'], 'shortfall'>;
type Disagreement = (typeof DISAGREEMENTS)[number];

/** What happened, counted for Prometheus. A verb costs 0.2 µs; docs/metrics.md says what comes of it. */
export interface Metrics {
  /** One request to the engine. */
  engineCalled(call: EngineCall): void;
  eventCame(event: Pick<EngineEvent, 'kind' | 'action'>): void;
  /** Asked at each scrape from then on. */
  watchBegan(status: () => WatchSeen): void;
  disagreed(kind: Disagreement, images: number): void;
  /** One image's eviction ended. The bytes count only where it is gone. */
  evictionEnded(outcome: Outcome, bytes: number): void;
  /** Whether this reaper may act, or another one works here. */
  lockAnswered(held: boolean): void;
  cycleEnded(seen: CycleSeen): void;
  /** Everything, as Prometheus reads it. */
  text(): Promise<string>;
  readonly contentType: string;
}

const CALLS = [
  'GET /_ping',
  'GET /version',
  'GET /info',
  'GET /events',
  'GET /containers/json',
  'GET /images/json',
  'GET /images/<id>/json',
  'GET /images/<id>/history',
  'DELETE /images/<id>',
  'POST /images/<id>/tag',
] as const satisfies readonly EngineCall[];
const OUTCOMES = ['evicted', 'would-evict', 'in-use', 'failed'] as const satisfies readonly Outcome[];
const DISAGREEMENTS = ['gitlab-only', 'watch-only', 'unheard'] as const;

export function createMetrics(clock: Clock): Metrics {
  const registry = new Registry();
  const registers = [registry];
  let now: Now = { cycle: undefined, watch: undefined, isSecond: undefined };
  createGauges(registers, clock, () => now);
  const calls = new Counter({
    name: 'sideband_reaper_engine_calls_total',
    help: 'Requests to the container engine, by method and path.',
    labelNames: ['call'],
    registers,
  });
  const events = new Counter({
    name: 'sideband_reaper_watch_events_total',
    help: 'Events that the engine sent and watch took.',
    labelNames: ['kind', 'action'],
    registers,
  });
  const disagreements = new Counter({
    name: 'sideband_reaper_disagreements_total',
    help: 'Images of which watch and GitLab said different things.',
    labelNames: ['kind'],
    registers,
  });
  const evictions = new Counter({
    name: 'sideband_reaper_evictions_total',
    help: 'Images whose eviction was tried, or would have been while only observing.',
    labelNames: ['outcome'],
    registers,
  });
  const freed = new Counter({
    name: 'sideband_reaper_freed_bytes_total',
    help: 'Bytes of the layers that went with evicted images.',
    registers,
  });
  // A series that is there from the start shows its first increase; one that appears with it does not.
  for (const call of CALLS) calls.inc({ call }, 0);
  for (const action of CONTAINER_ACTIONS) events.inc({ kind: 'container', action }, 0);
  for (const action of IMAGE_ACTIONS) events.inc({ kind: 'image', action }, 0);
  for (const kind of DISAGREEMENTS) disagreements.inc({ kind }, 0);
  for (const outcome of OUTCOMES) evictions.inc({ outcome }, 0);
  collectProcessMetrics(registry);

  return {
    engineCalled: (call) => calls.inc({ call }),
    eventCame: ({ kind, action }) => events.inc({ kind, action }),
    disagreed: (kind, images) => disagreements.inc({ kind }, images),
    evictionEnded: (outcome, bytes) => {
      evictions.inc({ outcome });
      if (outcome === 'evicted') freed.inc(bytes);
    },
    watchBegan: (watch) => {
      now = { ...now, watch };
    },
    lockAnswered: (held) => {
      now = { ...now, isSecond: !held };
    },
    cycleEnded: (cycle) => {
      now = { ...now, cycle };
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
