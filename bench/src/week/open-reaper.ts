import { type CycleParts, type CycleRequest, type CycleResult, createCycle } from '@sideband/reaper/cycle';
import { createMemoryDisk } from '@sideband/reaper/disk/memory-disk';
import { createMemoryEngine, type MemoryEngine } from '@sideband/reaper/engine/memory-engine';
import { parsePolicy } from '@sideband/reaper/plan/parse-policy';
import { createJournal } from '@sideband/reaper/reap/journal';
import { openMemoryOfImages } from '@sideband/reaper/reap/memory-of-images';
import { createNamesNote } from '@sideband/reaper/reap/names-note';
import type { Clock } from '@sideband/shared/clock';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import { silentLog } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import type { Marks } from './marks.ts';

export interface Reaper {
  readonly host: HostName;
  readonly engine: MemoryEngine;
  /** As it is at the moment: another one after `forget`. */
  readonly evidence: () => EvidenceStore;
  /** All evidence is lost at once, as with Redis and the state directory together. */
  readonly forget: () => void;
  readonly run: (request: CycleRequest) => Promise<CycleResult>;
}

/** The reaper's own parts, put together as its program does it, but for Redis and a real engine. */
export async function openReaper(marks: Marks, stateDirectory: string, clock: Clock): Promise<Reaper> {
  const host = 'bench' as HostName;
  const log = silentLog();
  const engine = createMemoryEngine({ clock });
  let evidence = createMemoryEvidenceStore();
  const memory = await openMemoryOfImages(stateDirectory, log);
  const run = createCycle({
    host,
    engine,
    engineName: 'in-memory',
    disk: createMemoryDisk(engine, { capacityBytes: marks.capacityBytes }),
    evidence: evidenceOf(() => evidence, host, clock),
    inventory: { images: engine.images, containers: engine.containers, refresh: () => undefined },
    settled: async () => undefined,
    runningJobs: async () => [],
    standing: () => ({ isWatching: false, disagreements: 0, warnings: [] }),
    // Reports go nowhere here: what happened is read from the engine.
    records: { publishReport: async () => undefined },
    journal: createJournal(stateDirectory, host, undefined, log),
    memory,
    note: createNamesNote(stateDirectory, memory.rememberDigests),
    policy: parsePolicy(policyOf(marks), 'bench'),
    mayEvict: async () => true,
    mayGoOn: async () => true,
    clock,
    pause: async () => undefined,
    metrics: { cycleEnded: () => undefined, evictionEnded: () => undefined },
    log,
  });
  return {
    ...{ host, engine, run },
    evidence: () => evidence,
    forget: () => {
      evidence = createMemoryEvidenceStore();
    },
  };
}

/** The peers' marks. A job's container pins its image for those 900 s, so no grace may reach beyond them. */
function policyOf({ highPercent, lowPercent }: Marks): string {
  return [
    'mode: enforce',
    `disk: { start: ${100 - highPercent}%, stop: ${100 - lowPercent}% }`,
    'grace: { afterPull: 900s, afterUse: 0s }',
  ].join('\n');
}

/** As GitLab tells it, complete at every moment: nothing happens here that only watch would see. */
function evidenceOf(store: () => EvidenceStore, host: HostName, clock: Clock): CycleParts['evidence'] {
  const leases = () => store().leases(host, clock.now());
  return {
    all: async () => ({
      lastUses: await store().lastUses(host),
      leases: await leases(),
      repullable: await store().repullable(host),
      builtHere: new Set(),
      projectImages: new Map(),
      freshness: { kind: 'fresh', asOf: clock.now() },
    }),
    leases,
  };
}
