import type { InstanceName } from '@sideband/shared/names';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { HookMetrics } from '../receive/hook-outcome.ts';
import { createGitLabFigures, type GitLabMetrics } from './gitlab-figures.ts';
import { createHookFigures } from './hook-figures.ts';
import { createWorkFigures, type QueueSeen, type WorkMetrics } from './work-figures.ts';

/** What happened, counted for Prometheus; docs/metrics.md says what comes of it. */
export interface CollectorMetrics extends HookMetrics, GitLabMetrics, WorkMetrics {
  /** Everything, as Prometheus reads it. */
  text(): Promise<string>;
  readonly contentType: string;
}

interface Surroundings {
  readonly instances: readonly InstanceName[];
  /** Asked at each scrape. */
  readonly queues: () => Promise<readonly QueueSeen[]>;
}

export function createCollectorMetrics({ instances, queues }: Surroundings): CollectorMetrics {
  const registry = new Registry();
  const registers = [registry];
  // Also how late the event loop is: a collector that is busy answers hooks late.
  collectDefaultMetrics({ register: registry });
  return {
    ...createHookFigures(registers),
    ...createGitLabFigures(registers, instances),
    ...createWorkFigures(registers, queues),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
