import type { Clock, Millis } from '@sideband/shared/clock';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Freshness } from '../plan/snapshot.ts';

/** What the end of a cycle says of the host. */
export interface CycleSeen {
  readonly at: Millis;
  readonly images: number;
  readonly filesystems: readonly { readonly path: string; readonly freeBytes: number }[];
  /** Bytes that are still lacking although nothing more may be evicted. */
  readonly shortfallBytes: number;
  readonly freshness: Freshness;
}

export interface WatchSeen {
  readonly isWatching: boolean;
  /** Counted since the reaper's start. */
  readonly gaps: number;
}

/** What is so at the moment; undefined where nothing has been heard yet. */
export interface Now {
  readonly cycle: CycleSeen | undefined;
  readonly watch: (() => WatchSeen) | undefined;
  readonly isSecond: boolean | undefined;
}

const KINDS = ['fresh', 'stale', 'watch-only'] as const satisfies readonly Freshness['kind'][];

/** Gauges read at each scrape, so that an age grows also while no cycle ends. What is not known is not served. */
export function createGauges(registers: Registry[], clock: Clock, now: () => Now): void {
  /** One figure without labels. */
  function gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name: `sideband_reaper_${name}`,
      help,
      registers,
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  gauge('evidence_age_seconds', 'How long ago what GitLab is known to have said ends.', () => {
    const asOf = now().cycle?.freshness.asOf;
    // Two machines' clocks: an age below zero would only confuse.
    return asOf === undefined ? undefined : Math.max(0, clock.now() - asOf) / 1_000;
  });
  gauge('evidence_stale', 'Whether that is longer ago than the limit.', () =>
    flag(now().cycle, ({ freshness }) => freshness.kind === 'stale'),
  );
  new Gauge({
    name: 'sideband_reaper_evidence_kind',
    help: 'What the last cycle decided upon: 1 for the kind it was.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { cycle } = now();
      for (const kind of cycle === undefined ? [] : KINDS)
        this.set({ kind }, cycle?.freshness.kind === kind ? 1 : 0);
    },
  });
  gauge('watch_connected', 'Whether watch sees what happens on the engine.', () =>
    flag(now().watch?.(), ({ isWatching }) => isWatching),
  );
  new Counter({
    name: 'sideband_reaper_watch_gaps_total',
    help: 'Times that the stream of events broke off.',
    registers,
    collect() {
      this.reset();
      this.inc(now().watch?.().gaps ?? 0);
    },
  });
  gauge('images', 'Images on the engine.', () => now().cycle?.images);
  gauge(
    'shortfall_bytes',
    'What is still lacking although nothing more may be evicted.',
    () => now().cycle?.shortfallBytes,
  );
  new Gauge({
    name: 'sideband_reaper_filesystem_free_bytes',
    help: 'Free bytes of a filesystem that holds images.',
    labelNames: ['path'],
    registers,
    collect() {
      this.reset();
      for (const { path, freeBytes } of now().cycle?.filesystems ?? []) this.set({ path }, freeBytes);
    },
  });
  gauge('last_cycle_timestamp_seconds', 'When a cycle ended last.', () => {
    const { cycle } = now();
    return cycle === undefined ? undefined : cycle.at / 1_000;
  });
  gauge('second_reaper', 'Whether another reaper works here and this one only observes.', () =>
    flag(now(), ({ isSecond }) => isSecond),
  );
}

function flag<T>(seen: T | undefined, isSo: (seen: T) => boolean | undefined): number | undefined {
  const so = seen === undefined ? undefined : isSo(seen);
  return so === undefined ? undefined : Number(so);
}
