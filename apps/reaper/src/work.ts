import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetClock } from '@sideband/shared/fleet-clock';
import { type CycleResult, createCycle } from './cycle.ts';
import { createEnginePlace } from './engine-place.ts';
import { createHostEvidence } from './evidence/host-evidence.ts';
import { openLocalEvidence } from './evidence/local-evidence.ts';
import type { Sightings } from './evidence/sightings.ts';
import { createHeartbeat } from './heartbeat.ts';
import { fingerprintEngine } from './identity/engine-fingerprint.ts';
import type { HostIdentity } from './identity/load-identity.ts';
import type { Ownership } from './identity/ownership.ts';
import { createLookout } from './lookout.ts';
import { countedEvents } from './metrics/counted-events.ts';
import { createJournal } from './reap/journal.ts';
import { openMemoryOfImages } from './reap/memory-of-images.ts';
import { createNamesNote } from './reap/names-note.ts';
import type { RedisSide } from './redis-side.ts';
import { createReportFile } from './report-file.ts';
import { createRounds } from './rounds.ts';
import type { ReaperParts } from './run.ts';
import { createRunningJobs } from './runner/running-jobs.ts';
import { createStanding } from './standing.ts';
import { createAgreement, type Disagreement } from './watch/agreement.ts';
import { createOwnTags } from './watch/own-tags.ts';
import { sleepUnlessAborted } from './watch/sleep.ts';
import { createWatch } from './watch/watch.ts';

export interface WorkParts extends ReaperParts {
  readonly identity: HostIdentity;
  /** Undefined where the reaper stands alone. */
  readonly side: RedisSide | undefined;
  readonly ownership: Ownership;
  readonly fleetClock: FleetClock;
}

/** All that a reaper does while it is the one that works here. */
export interface Work {
  stop(): Promise<void>;
}

/** The runner answers its list from memory; what takes longer is no answer. */
const RUNNER_LIST_MS = 2_000;

/** Opens what is known, and begins to watch, to look and to check. Throws what the engine port throws. */
export async function beginWork(parts: WorkParts): Promise<Work> {
  const { config, policy, disk, identity, side, ownership, fleetClock: clock, metrics, log } = parts;
  const { stateDirectory, staleAfterMs } = config;
  const { host, uuid } = identity;
  const engine = countedEvents(parts.engine, metrics);
  const { name: engineName, imageRoots } = await engine.describe();
  const roots = config.imageRoots ?? imageRoots;

  const local = await openLocalEvidence({ stateDirectory, host, clock, staleAfterMs, log });
  const { store, records } = side ?? {};
  const evidence = createHostEvidence({ local, store, records, host, clock, log });
  const memory = await openMemoryOfImages(stateDirectory, log);

  const ownTags = createOwnTags(clock);
  const agreement = createAgreement({ log, clock, count: disagreed });
  const watch = createWatch({
    engine,
    // Podman tells of a pull also when it failed (measured on 4.3.1).
    tellsOnlyGoodPulls: !engineName.startsWith('podman'),
    position: local.position,
    see: (sightings) => see(sightings),
    instanceAt: local.instanceAt,
    // The engine's events and our own look at them are on the machine's clock.
    clock: parts.clock,
    correct: clock.correct,
    ...{ ownTags, agreement, sleep: sleepUnlessAborted, random: Math.random, log },
  });
  const place = createEnginePlace({ inventory: watch.inventory, roots, log });
  const heartbeat =
    records &&
    createHeartbeat({
      ...{ host, uuid, policy, config, records, clock, log },
      engine: await fingerprintEngine(imageRoots[0] ?? '', roots[0] ?? ''),
      seenManagers: () => local.managers(clock.now()),
    });
  const standing = createStanding({ watch, place, notice: () => heartbeat?.notice() });
  const runner = config.runnerList
    ? createRunningJobs({ url: config.runnerList, fetch, log, clock: parts.clock, timeoutMs: RUNNER_LIST_MS })
    : undefined;

  let isEnding = false;
  function disagreed(kind: Disagreement): void {
    metrics.disagreed(kind, 1);
    standing.disagreed();
  }

  async function mayGoOn(): Promise<boolean> {
    return !isEnding && (await ownership.hold()).held;
  }

  async function see(sightings: Sightings): Promise<void> {
    for (const image of sightings.deleted) memory.forget(image);
    const known = new Set(local.managers(clock.now()));
    await evidence.see(sightings);
    // Until the collector hears whose jobs run here, it looks for them elsewhere.
    if (sightings.managers.some((manager) => !known.has(manager))) void beat();
  }

  /** Whatever is wrong with the heartbeat, the disk fills all the same. */
  async function beat(): Promise<void> {
    await heartbeat
      ?.beat()
      .catch((error) => log.warn({ err: error }, 'The heartbeat could not be delivered'));
  }

  const cycle = createCycle({
    ...{ host, engineName, disk, evidence, memory, policy, clock, metrics, log },
    engine: {
      ...engine,
      tag: (image, name) => {
        ownTags.expect(image, name);
        return engine.tag(image, name);
      },
    },
    inventory: watch.inventory,
    settled: watch.settled,
    runningJobs: async () =>
      ((await runner?.list()) ?? []).map(({ job, projectUrl }) => ({
        job,
        project: local.projectAt(projectUrl),
      })),
    standing: standing.now,
    records: records ?? createReportFile(stateDirectory),
    journal: createJournal(stateDirectory, host, records, log),
    note: createNamesNote(stateDirectory, memory.rememberDigests),
    mayEvict: async () => (await mayGoOn()) && (await place.isHere()),
    mayGoOn,
    pause: sleep,
  });

  async function check(request: { readonly fresh?: boolean | undefined }): Promise<CycleResult> {
    rounds.checked();
    await beat();
    const result = await cycle({ kind: 'check', fresh: request.fresh === true });
    if (result.evidence === 'fresh' && agreement.isDue()) {
      agreement.compare(await evidence.recorded(), local.read(clock.now()).freshness);
    }
    return result;
  }

  const working = side?.work(
    {
      check,
      plan: () => cycle({ kind: 'plan' }),
      reap: ({ freeBytes }) => cycle({ kind: 'reap', freeBytes }),
    },
    async () => await heartbeat?.beat(),
  );
  const rounds = createRounds({
    everyMs: config.checkEveryMs,
    hasQueue: side !== undefined,
    check: async () => {
      // Without Redis's schedule the host would go on alone for ever.
      await working?.keepScheduled().catch(() => undefined);
      await check({});
    },
    clock,
    log,
  });
  const lookout = createLookout({ ...{ disk, policy, cycle, clock, log }, everyMs: config.lookEveryMs });
  metrics.watchBegan(watch.status);
  metrics.lockAnswered(true);
  watch.start();
  rounds.start();
  lookout.start();
  log.info(
    { host, uuid, engine: engineName, mode: policy.mode, standalone: side === undefined },
    'Reaper runs',
  );
  return {
    stop: async () => {
      isEnding = true;
      rounds.stop();
      lookout.stop();
      // Whatever of these fails, what was seen must still be written.
      await Promise.allSettled([working?.stop(), rounds.idle(), lookout.idle()]);
      await watch.stop();
      await evidence.close();
      await local.close();
    },
  };
}
