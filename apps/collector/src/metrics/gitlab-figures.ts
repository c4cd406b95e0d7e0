import type { InstanceName } from '@sideband/shared/names';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RequestOutcome } from '../gitlab/guest/request-outcome.ts';
import { createBoundedLabel } from './bounded-label.ts';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What is asked of GitLab. */
export interface GitLabMetrics {
  /** One request, whether or not it was sent. */
  gitLabAsked(instance: InstanceName, outcome: RequestOutcome): void;
  /** A piece of a trace, as it came over the wire. */
  traceBytesRead(instance: InstanceName, bytes: number): void;
}

export function createGitLabFigures(
  registers: Registry[],
  instances: readonly InstanceName[],
): GitLabMetrics {
  const requests = new Counter({
    name: 'sideband_collector_gitlab_requests_total',
    help: 'Requests to GitLab by what they ask for and how they ended.',
    labelNames: ['instance', 'route', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'sideband_collector_gitlab_request_duration_seconds',
    help: 'Time that GitLab took for a request that was sent.',
    labelNames: ['instance'],
    buckets: SECONDS,
    registers,
  });
  const isOpen = new Gauge({
    name: 'sideband_collector_gitlab_circuit_open',
    help: 'Whether the last request was not sent because GitLab failed too often before it.',
    labelNames: ['instance'],
    registers,
  });
  const traceBytes = new Counter({
    name: 'sideband_collector_trace_bytes_total',
    help: 'Bytes of traces read from GitLab, as they came over the wire.',
    labelNames: ['instance'],
    registers,
  });
  for (const instance of instances) {
    isOpen.set({ instance }, 0);
    traceBytes.inc({ instance }, 0);
  }
  const routeLabel = createBoundedLabel();

  return {
    gitLabAsked(instance, { route, status, ms }) {
      requests.inc({ instance, route: routeLabel(route), status: statusLabel(status) });
      if (status === 'budget') return;
      isOpen.set({ instance }, status === 'circuit-open' ? 1 : 0);
      if (status !== 'circuit-open') duration.observe({ instance }, ms / 1_000);
    },
    traceBytesRead: (instance, bytes) => traceBytes.inc({ instance }, bytes),
  };
}

/** 429 is told apart, since it says that the budget is too large. */
function statusLabel(status: RequestOutcome['status']): string {
  if (typeof status === 'string') return status;
  return status === 429 ? '429' : `${Math.floor(status / 100)}xx`;
}
