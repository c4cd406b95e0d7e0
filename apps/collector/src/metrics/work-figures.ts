import type { Millis } from '@sideband/shared/clock';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { createBoundedLabel } from './bounded-label.ts';

/** From what a hook and its resolving take to what a poll finds a day later. */
const DELAY_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600, 3_600, 86_400];

const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** How many jobs of each state one of the collector's queues has, over all collectors. */
export interface QueueSeen {
  readonly queue: string;
  readonly counts: Readonly<Partial<Record<(typeof STATES)[number], number>>>;
}

/** What the collector does with what it heard. */
export interface WorkMetrics {
  /** One job was dealt with; the outcome is the resolver's word for it, `failed` for a try that threw. */
  jobResolved(outcome: string): void;
  /** `use`: from a job's end to its use in the evidence; `lease`: from its start to its leases. */
  jobLatency(what: 'use' | 'lease', milliseconds: number): void;
  polled(seen: { readonly at: Millis; readonly missed: number; readonly projects: number }): void;
}

/** `queues` is asked at each scrape; while it fails, what it tells of is not served. */
export function createWorkFigures(
  registers: Registry[],
  queues: () => Promise<readonly QueueSeen[]>,
): WorkMetrics {
  const resolved = new Counter({
    name: 'sideband_collector_jobs_resolved_total',
    help: 'Jobs that were looked up, by what was learnt of them.',
    labelNames: ['outcome'],
    registers,
  });
  const delays = new Histogram({
    name: 'sideband_collector_evidence_delay_seconds',
    help: "Time from a job's end to its use in the evidence, and from its start to its leases.",
    labelNames: ['of'],
    buckets: DELAY_SECONDS,
    registers,
  });
  const lastPoll = new Gauge({
    name: 'sideband_collector_last_poll_timestamp_seconds',
    help: 'When this collector last ended a poll of GitLab for what hooks did not say.',
    registers,
  });
  const projects = new Gauge({
    name: 'sideband_collector_poll_projects',
    help: 'Projects that the last poll asked about.',
    registers,
  });
  const missed = new Counter({
    name: 'sideband_collector_jobs_missed_total',
    help: 'Jobs that a poll found and of which no hook had told.',
    registers,
  });
  new Gauge({
    name: 'sideband_collector_queue_jobs',
    help: 'Jobs on the queues, over all collectors, by state.',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      this.reset();
      const seen = await queues().catch(() => []);
      for (const { queue, counts } of seen) {
        for (const state of STATES) this.set({ queue, state }, counts[state] ?? 0);
      }
    },
  });
  // A moment that never was is not served.
  lastPoll.remove();
  projects.remove();
  const outcomeLabel = createBoundedLabel();

  return {
    jobResolved: (outcome) => resolved.inc({ outcome: outcomeLabel(outcome) }),
    jobLatency: (of, milliseconds) => delays.observe({ of }, Math.max(0, milliseconds) / 1_000),
    polled(seen) {
      lastPoll.set(seen.at / 1_000);
      projects.set(seen.projects);
      missed.inc(seen.missed);
    },
  };
}
