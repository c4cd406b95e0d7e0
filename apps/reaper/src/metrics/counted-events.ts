import type { Engine } from '../engine/port.ts';
import type { Metrics } from './metrics.ts';

/** The engine, with every event it sends counted. */
export function countedEvents(engine: Engine, metrics: Pick<Metrics, 'eventCame'>): Engine {
  return {
    ...engine,
    follow: (stream) =>
      engine.follow({
        ...stream,
        onEvent: (event) => {
          metrics.eventCame(event);
          stream.onEvent(event);
        },
      }),
  };
}
