import type { Clock } from '@sideband/shared/clock';
import type { HostRecords } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import type { Disk } from './disk/port.ts';
import type { Engine, ImageId } from './engine/port.ts';
import type { HostEvidence } from './evidence/port.ts';
import type { Metrics } from './metrics/metrics.ts';
import { claimOn, claimsOf } from './plan/claims.ts';
import { knownIdentities } from './plan/last-use.ts';
import { type Eviction, plan } from './plan/plan.ts';
import type { Policy } from './plan/policy.ts';
import type { EvictReason } from './plan/reasons.ts';
import type { Freshness, RunningJob, Snapshot } from './plan/snapshot.ts';
import type { Journal } from './reap/journal.ts';
import type { MemoryOfImages } from './reap/memory-of-images.ts';
import { type NamesNote, restoreNames } from './reap/names-note.ts';
import { reap } from './reap/reap.ts';
import { type Standing, stateOf } from './report.ts';
import { NO_IMAGE, noteReaped, tellOutcome } from './tell-outcome.ts';
import type { Inventory } from './watch/port.ts';

export interface CycleResult {
  readonly state: string;
  /** Images the first plan of this cycle would evict. */
  readonly planned: number;
  readonly evicted: number;
  /** Bytes freed by the joint layer count. */
  readonly bytes: number;
  readonly evidence: Freshness['kind'];
}

export interface CycleParts {
  readonly host: HostName;
  readonly engine: Engine;
  readonly engineName: string;
  readonly disk: Disk;
  readonly evidence: Pick<HostEvidence, 'all' | 'leases'>;
  readonly inventory: Inventory;
  /** Resolves when all events that have come from the engine are part of the evidence. */
  readonly settled: () => Promise<void>;
  /** The runner's own list, where it is open to us. */
  readonly runningJobs: () => Promise<readonly RunningJob[]>;
  /** What an operator should know of the host besides. */
  readonly standing: () => Standing;
  readonly records: Pick<HostRecords, 'publishReport'>;
  readonly journal: Journal;
  readonly memory: MemoryOfImages;
  readonly note: NamesNote;
  readonly policy: Policy;
  /** Asked before each deletion; false where the lock was lost meanwhile, or the reaper is told to end. */
  readonly mayGoOn: () => Promise<boolean>;
  /** Confirms that no other reaper works on this engine, and that the disk we measure is the engine's. */
  readonly mayEvict: () => Promise<boolean>;
  readonly clock: Clock;
  readonly pause: (milliseconds: number) => Promise<unknown>;
  readonly metrics: Pick<Metrics, 'cycleEnded' | 'evictionEnded'>;
  readonly log: Log;
}

export type CycleRequest =
  /** Evict if the marks or the budget say so. `fresh`: the engine is asked, also where nothing has happened on it. */
  | { readonly kind: 'check'; readonly fresh?: boolean }
  /** Say what would be evicted; change nothing. */
  | { readonly kind: 'plan' }
  /** Evict until this much is free, or the policy's `stop` if that is more. */
  | { readonly kind: 'reap'; readonly freeBytes: number | undefined };

/** Look → plan → reap, one cycle at a time: a request made while one runs waits for its own. */
export function createCycle(parts: CycleParts): (request: CycleRequest) => Promise<CycleResult> {
  let running: Promise<unknown> = Promise.resolve();
  // What the last cycle journaled without changing anything: said once, or it would push everything else out.
  let reported: ReadonlySet<ImageId> = new Set();
  return (request) => {
    const next = running.then(() => runCycle(parts, request, reported));
    running = next.catch(() => undefined);
    return next.then(({ result, told }) => {
      if (request.kind !== 'plan') reported = told;
      return result;
    });
  };
}

async function runCycle(
  parts: CycleParts,
  request: CycleRequest,
  reported: ReadonlySet<ImageId>,
): Promise<{ readonly result: CycleResult; readonly told: ReadonlySet<ImageId> }> {
  const mayAct = request.kind !== 'plan' && (await parts.mayEvict());
  let enforcing = mayAct && parts.policy.mode === 'enforce';
  let isCutShort = false;
  const blocked = new Map<ImageId, 'in-use' | 'engine-refused'>();
  const told = new Set<ImageId>();
  let evicted = 0;
  let bytes = 0;
  let planned: number | undefined;
  let begun: EvictReason | undefined;
  if (mayAct) await restoreNames(parts.note, parts.engine);
  // A disk with room asks nothing of the engine: what is in memory is enough to see that nothing has to go.
  let isFresh = request.kind !== 'check' || request.fresh === true;
  for (;;) {
    if (isFresh) parts.inventory.refresh();
    const snapshot = await look(parts, request, blocked, begun);
    const current = plan(snapshot, parts.policy, parts.clock.now());
    if (!isFresh && current.pressure !== undefined) {
      isFresh = true;
      continue;
    }
    planned ??= current.evictions.length;
    if (!enforcing || current.evictions.length === 0) {
      const isNews = request.kind !== 'plan' && !isCutShort;
      await tellOutcome(parts, snapshot, current, { isNews, reported });
      const state = stateOf(current, snapshot, parts.policy);
      for (const eviction of current.evictions) told.add(eviction.image.id);
      if (current.shortfallBytes > 0) told.add(NO_IMAGE);
      const evidence = current.freshness.kind;
      return { result: { state, planned, evicted, bytes, evidence }, told };
    }
    begun ??= current.pressure?.trigger;
    const reaped = await reap(current, parts.policy, snapshot.request, {
      engine: parts.engine,
      disk: parts.disk,
      note: parts.note,
      pause: parts.pause,
      mayGoOn: parts.mayGoOn,
      isLeased: (eviction, containers) => isLeased(parts, { ...snapshot, containers }, eviction),
      onReaped: (one) => noteReaped(parts, one, reported),
    });
    for (const { eviction, outcome } of reaped) {
      // Each image is tried once a cycle, also one that is still there after the engine said it was gone:
      // so every round leaves fewer to try, and the loop ends.
      blocked.set(eviction.image.id, outcome === 'in-use' ? 'in-use' : 'engine-refused');
      if (outcome === 'evicted') {
        evicted += 1;
        bytes += eviction.freesBytes;
      } else {
        told.add(eviction.image.id);
      }
    }
    // What it would have gone on with is the next reaper's business, not news.
    isCutShort = !(await parts.mayGoOn());
    enforcing = !isCutShort;
  }
}

async function look(
  parts: CycleParts,
  request: CycleRequest,
  blocked: ReadonlyMap<ImageId, 'in-use' | 'engine-refused'>,
  begun: EvictReason | undefined,
): Promise<Snapshot> {
  await parts.settled();
  const evidence = await parts.evidence.all();
  const images = await parts.inventory.images();
  await parts.memory.meet(images, parts.clock.now());
  return {
    images,
    containers: await parts.inventory.containers(),
    runningJobs: await parts.runningJobs(),
    filesystems: await parts.disk.read(),
    evidence,
    firstSeen: parts.memory.firstSeen(),
    lostDigests: parts.memory.lostDigests(),
    blocked,
    request: request.kind === 'reap' ? { freeBytes: request.freeBytes } : undefined,
    begun,
  };
}

async function isLeased(
  parts: CycleParts,
  snapshot: Snapshot,
  { image, reason }: Eviction,
): Promise<boolean> {
  const evidence = { ...snapshot.evidence, leases: await parts.evidence.leases() };
  // In an emergency what the runner lists holds nothing, and must not cost time either.
  const runningJobs = reason === 'emergency' ? [] : await parts.runningJobs();
  const claims = claimsOf({ ...snapshot, evidence, runningJobs }, parts.clock.now());
  const claim = claimOn(knownIdentities(image, snapshot), claims);
  return claim === 'leased' || (claim !== undefined && reason !== 'emergency');
}
