import type { ManualClock, Millis } from '@sideband/shared/clock';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { Registration } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import type { GitLab } from '../gitlab/port.ts';
import { createMemoryLedger } from '../resolve/memory-ledger.ts';
import { createPlaces } from '../resolve/place.ts';
import { createResolver } from '../resolve/resolve-job.ts';
import type { JobEvent } from '../resolve/resolver-hint.ts';
import { createMemoryPollMemory } from './memory-poll-memory.ts';
import { HOSTS, instance, MANAGERS, START } from './outage-day.suite.ts';
import { POLL_MEMORY_BOUNDS } from './poll-memory.ts';
import { createReconciler } from './reconciler.ts';

const HOUR = 3_600_000;
const LOOK_BACK = 7 * 24 * HOUR;
/** As the queue's definition has it. */
const ATTEMPTS = 12;

/** Resolver and reconciler with a queue between them, as one process, all on twins. */
export interface DayCollector {
  enqueue(id: string, event: JobEvent): Promise<void>;
  poll(id: string): Promise<void>;
  /** Until the queue is empty; what fails is tried at once as often as the queue would, and then lost. */
  lookUp(): Promise<void>;
  /** Redis was emptied, but for the evidence, which reapers bring back. */
  forget(): void;
}

export function createDayCollector(
  clock: ManualClock,
  gitlab: GitLab,
  evidence: EvidenceStore,
): DayCollector {
  const queue = new Map<string, JobEvent>();
  const known = new Set<string>();
  const records = recordsOf(HOSTS.slice(0, 2).map((host, index) => registrationOf(host, index)));
  let workers = start();

  function start() {
    const bounds = { lookBackMs: LOOK_BACK, endedJobs: 10_000, imagesMs: LOOK_BACK, managers: 256 };
    const ledger = createMemoryLedger(clock, bounds);
    const common = { evidence, ledger, clock, log: silentLog(), gitlabs: new Map([[instance, gitlab]]) };
    const resolver = createResolver({
      ...common,
      places: createPlaces(records, clock),
      configuredImages: async () => ({ images: [], missing: [] }),
      wait: async () => undefined,
    });
    const reconciler = createReconciler({
      ...{ ...common, records, enqueue },
      ...{ lookBackMs: LOOK_BACK, backFillMs: LOOK_BACK, everyMs: HOUR },
      memory: createMemoryPollMemory(clock, { ...POLL_MEMORY_BOUNDS, lookBackMs: LOOK_BACK }),
      goneHosts: { sweep: async () => undefined },
      unresolvedSince: async () => undefined,
      waiting: async () => queue.size,
      laterWaiting: async () => 0,
      requestPoll: async () => undefined,
      wait: async () => undefined,
      signal: new AbortController().signal,
    });
    return { resolver, reconciler };
  }

  async function enqueue(id: string, event: JobEvent): Promise<void> {
    if (known.has(id)) return;
    known.add(id);
    queue.set(id, event);
  }

  async function isResolved(jobId: string, event: JobEvent, attempt: number): Promise<boolean> {
    return await workers.resolver['job-event'](event, { jobId, attempt }).then(
      () => true,
      () => false,
    );
  }

  return {
    enqueue,
    async poll(id) {
      await workers.reconciler.handlers.poll({}, { jobId: id, attempt: 1 });
    },
    async lookUp() {
      for (const [id, event] of queue) {
        queue.delete(id);
        for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
          if (await isResolved(id, event, attempt)) break;
        }
      }
    },
    forget() {
      workers = start();
      queue.clear();
      known.clear();
    },
  };
}

function registrationOf(host: (typeof HOSTS)[number], index: number): Registration {
  const about = { uuid: host, seenAt: START as Millis, mode: 'observe' as const, engine: host };
  return { host, systemIds: MANAGERS.slice(index, index + 1), ...about };
}

function recordsOf(registrations: readonly Registration[]) {
  return {
    registrations: async () => registrations,
    claimants: async () => [],
    notice: async () => ({ sharesManagerWith: [], sharesEngineWith: [] }),
    notify: async () => undefined,
  };
}
