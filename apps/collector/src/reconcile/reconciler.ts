import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { HostRecords, Registration } from '@sideband/shared/hosts/records';
import type { InstanceName } from '@sideband/shared/names';
import type { reconcileQueue } from '@sideband/shared/queues/catalogue';
import type { Handlers, ResultOf } from '@sideband/shared/queues/define';
import type { GitLab } from '../gitlab/port.ts';
import { hostsByManager } from '../resolve/place.ts';
import { type BackFillProgress, backFillProgress } from './back-fill-progress.ts';
import { type BackFillerParts, createBackFiller } from './back-filler.ts';
import { createFeeder } from './feeder.ts';
import { createGap, type GapParts, type GapReason, isGapPoll } from './gap.ts';
import type { GoneHosts } from './gone-hosts.ts';
import { createLeisure, type Leisure } from './leisure.ts';
import { notifyHosts } from './notify-hosts.ts';
import { pollAll } from './poll-all.ts';
import type { InstanceCounts, InstanceParts } from './poll-instance.ts';
import { createRunnersPoll, type RunnerParts } from './poll-runners.ts';
import { createProgress } from './progress.ts';
import { createRounds } from './round.ts';

export interface ReconcilerParts
  extends Omit<InstanceParts, 'pollRunners'>,
    BackFillerParts,
    RunnerParts,
    GapParts {
  readonly gitlabs: ReadonlyMap<InstanceName, GitLab>;
  readonly ledger: InstanceParts['ledger'] & RunnerParts['ledger'];
  readonly memory: InstanceParts['memory'];
  readonly evidence: Pick<EvidenceStore, 'unpark' | 'markFed'>;
  readonly records: Pick<HostRecords, 'registrations' | 'notify' | 'notice'>;
  readonly goneHosts: GoneHosts;
  /** When the oldest job was heard of that is still to be looked up; undefined: none is. */
  readonly unresolvedSince: () => Promise<Millis | undefined>;
  /** How often polls are scheduled. */
  readonly everyMs: number;
  /** Told of a poll that has been through the projects; its queue job ends after the back-fill, most of an hour later. */
  readonly onPolled?: (polled: Polled) => void;
}

export interface Reconciler {
  /** The worker of the reconcile queue. */
  readonly handlers: Handlers<typeof reconcileQueue.jobs>;
  /**
   * Hooks may have been lost: the next poll comes within 30 s, one for all gaps that are noticed until then, and takes
   * no leisure. Never throws.
   */
  gap(reason: GapReason): Promise<void>;
  /** How far each GitLab's past has been read, by whichever collector. Throws `REDIS_UNAVAILABLE`. */
  progress(): Promise<readonly BackFillProgress[]>;
}

type Polled = ResultOf<(typeof reconcileQueue.jobs)['poll']>;

/** Polls as close as this are somebody waiting for them. */
const BUSY_MS = 60_000;
/** GitLab counts its limits by the minute. */
const LIMIT_MS = 60_000;
/** Of the time until the next poll the back-fill takes what the poll has left. */
const FILL_PART = 0.9;

/**
 * Finds what hooks did not say, brings parked uses to hosts that have registered since, and tells the hosts how far
 * GitLab was asked and what they share. A poll takes its time, up to half of that until the next, unless something
 * was lost; then the past of projects is read that are new. `GITLAB_RATE_LIMITED` stops the poll of that GitLab: once
 * the others are through, the poll waits on its queue as long as it asked, while other polls may come between, and goes
 * on where it was stopped. When the signal is given, it ends between two jobs of a list.
 */
export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { gitlabs, evidence, records, clock, signal, log } = parts;
  const feeder = createFeeder(evidence, gitlabs);
  const progress = createProgress();
  const rounds = createRounds();
  const askForPoll = createGap(parts);
  const backFiller = createBackFiller(parts);
  const instanceParts = { ...parts, pollRunners: createRunnersPoll(parts) };
  let leisure: Leisure | undefined;
  let rememberedSince: Millis | undefined;
  /** A gap was noticed since the last poll began. */
  let isGap = false;

  function takeLeisure(): Leisure {
    leisure?.end();
    leisure = createLeisure(parts.wait, signal);
    return leisure;
  }

  /** Whether Redis was emptied since the last call: nothing that was true before may then be told. */
  async function isMemoryLost(): Promise<boolean> {
    const since = await parts.memory.since();
    const isLost = rememberedSince !== undefined && rememberedSince !== since;
    rememberedSince = since;
    if (!isLost) return false;
    feeder.forget();
    progress.forget();
    rounds.forget();
    return true;
  }

  async function poll(jobId: string): Promise<Polled> {
    const startedAt = clock.now();
    await isMemoryLost();
    const { begunAt, of: roundOf } = rounds.begin(jobId, startedAt);
    const registrations = await records.registrations();
    const hosts = registrations.map(({ host }) => host);
    const unparked = await unpark(evidence, registrations);
    await feeder.tellNewcomers(hosts);
    await notifyHosts(records, registrations, log);
    // Evidence comes before tidiness.
    await parts.goneHosts
      .sweep(hosts)
      .catch((err) => log.warn({ err }, 'Hosts that are gone could not be removed'));

    const pace = { leisure: takeLeisure(), spanMs: parts.everyMs / 2 };
    const isUrgent = isGap || isGapPoll(jobId) || parts.everyMs <= BUSY_MS;
    isGap = false;
    if (isUrgent || (await backFiller.isPending())) pace.leisure.end();
    const { polls, limits } = await pollAll(instanceParts, gitlabs, roundOf, pace);
    if (limits.size > 0) throw await useLimit(limits, startedAt);
    const isLost = await isMemoryLost();
    if (!isLost && polls.every(({ isWhole }) => isWhole)) progress.polled(begunAt, clock.now());
    const doneUpTo = progress.doneUpTo(await parts.unresolvedSince());
    if (doneUpTo !== undefined) await feeder.tellAll(hosts, doneUpTo);

    const result = { ...sum(polls.map(({ counts }) => counts)), unparked };
    if (result.missed > 0 || unparked > 0) log.info(result, 'Poll found what hooks did not say');
    parts.onPolled?.(result);
    await fill(startedAt);
    return result;
  }

  /** What is to be thrown, after the back-fill of the others has used the time that is to be waited. */
  async function useLimit(
    limits: ReadonlyMap<InstanceName, SidebandError>,
    startedAt: Millis,
  ): Promise<SidebandError> {
    const pauses = Array.from(limits.values(), ({ retryAfterMs }) => retryAfterMs ?? LIMIT_MS);
    const goesOnAt = clock.now() + Math.min(...pauses);
    const until = Math.min(goesOnAt, startedAt + FILL_PART * parts.everyMs);
    await backFiller.fill(until as Millis, takeLeisure(), limits);
    leisure?.end();
    const [cause] = limits.values();
    const retryAfterMs = Math.max(1, goesOnAt - clock.now());
    return new SidebandError('GITLAB_RATE_LIMITED', { gitlabs: [...limits.keys()] }, { cause, retryAfterMs });
  }

  async function fill(startedAt: Millis): Promise<void> {
    const until = Math.max(
      startedAt + FILL_PART * parts.everyMs,
      clock.now() + (1 - FILL_PART) * parts.everyMs,
    );
    await backFiller.fill(until as Millis, takeLeisure());
    leisure?.end();
  }

  /** What is left of a poll when the collector closes is the next one's, which finds the memory as it was. */
  async function pollUntilClosed(jobId: string): Promise<Polled> {
    try {
      return await poll(jobId);
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      return { projects: 0, jobs: 0, missed: 0, unparked: 0 };
    }
  }

  return {
    handlers: { poll: (_, { jobId }) => pollUntilClosed(jobId) },
    async gap(reason) {
      isGap = true;
      leisure?.end();
      await askForPoll(reason);
    },
    progress: () => backFillProgress(parts.memory, [...gitlabs.keys()]),
  };
}

function sum(all: readonly InstanceCounts[]): InstanceCounts {
  const total = { projects: 0, jobs: 0, missed: 0 };
  for (const { projects, jobs, missed } of all) {
    total.projects += projects;
    total.jobs += jobs;
    total.missed += missed;
  }
  return total;
}

async function unpark(
  evidence: Pick<EvidenceStore, 'unpark'>,
  registrations: readonly Registration[],
): Promise<number> {
  let unparked = 0;
  for (const [manager, hosts] of hostsByManager(registrations)) {
    unparked += await evidence.unpark(manager, hosts);
  }
  return unparked;
}
