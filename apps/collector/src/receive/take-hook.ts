import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { Deliveries, Delivery } from './deliveries.ts';
import { createEventLimits } from './event-limits.ts';
import type { HeardJob, Hook } from './hook.ts';
import type { HookMetrics, HookOutcome } from './hook-outcome.ts';
import type { HookSource } from './hook-secret.ts';
import type { HookAddress } from './hook-source.ts';
import { jobEventId, type OnboardEvent, onboardEvent, type QueuedEvent } from './job-event.ts';
import { readHook } from './read-hook.ts';
import { settlesWithin } from './settles-within.ts';

/** GitLab waits 10 s for an answer and never sends again, so there is nothing to gain by waiting longer. */
const ENQUEUE_LIMIT_MS = 1_000;

export interface TakeParts {
  /** Puts the events of one hook on the queue together; an id that the queue knows is not put there again. */
  readonly enqueue: (events: readonly QueuedEvent[]) => Promise<unknown>;
  readonly onboard: (event: OnboardEvent) => Promise<unknown>;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<HookMetrics, 'buildsLeftOut'>;
}

/** An authenticated hook. */
export interface ProvenHook {
  readonly address: HookAddress;
  readonly body: Buffer;
  /** Undefined where GitLab gave it no id (before 17.4). */
  readonly id: string | undefined;
  readonly signedSeconds: string | undefined;
}

/** What follows from a hook: an outcome, and what goes on a queue first. */
interface Work {
  readonly outcome: HookOutcome;
  readonly events?: readonly QueuedEvent[];
  readonly onboard?: OnboardEvent;
}

/** Takes the few fields needed and queues them. It does nothing else, and never throws. */
export function createTakeHook(parts: TakeParts): (hook: ProvenHook) => Promise<HookOutcome> {
  const { deliveries, log } = parts;
  const limits = createEventLimits(parts.clock);

  /** Only what is new counts: who sends again what he overheard must not use up what GitLab has. */
  async function queue({ outcome, events, onboard }: Work, address: HookAddress): Promise<HookOutcome> {
    const allowance = limits(address, (events?.length ?? 0) + (onboard === undefined ? 0 : 1));
    if (allowance === 'now-over')
      log.warn(named({ address }), 'Hook tells of too much, and is refused a while');
    if (allowance !== 'within') return 'limited';
    if (events !== undefined) await parts.enqueue(events);
    if (onboard !== undefined) await parts.onboard(onboard);
    return outcome;
  }

  return async (hook) => {
    const work = workOf(hook, parts);
    if (work.outcome === 'wrong-project') return work.outcome;
    const delivery = deliveryOf(hook);
    const isNeeded = work.outcome === 'queued';
    // Redis is asked for what will be queued, and for whatever a signature forbids to come twice.
    if (!isNeeded && hook.signedSeconds === undefined) return work.outcome;
    let outcome: HookOutcome;
    try {
      outcome = await settlesWithin(ENQUEUE_LIMIT_MS, async () => {
        const claim = delivery === undefined ? 'new' : await deliveries.claim(delivery);
        return claim === 'new' ? await queue(work, hook.address) : claim;
      });
    } catch (error) {
      log.warn({ ...named(hook), err: error }, 'Hook could not be queued; reconcile will find the jobs');
      if (delivery !== undefined) inPassing(deliveries.release(delivery));
      return 'queue-away';
    }
    if (delivery !== undefined && outcome === 'limited') inPassing(deliveries.release(delivery));
    if (delivery !== undefined && outcome === work.outcome) inPassing(deliveries.remember(delivery));
    return outcome;
  };

  /** The answer need not wait for it: what is not remembered is done again, and changes nothing. */
  function inPassing(memory: Promise<void>): void {
    memory.catch((error: unknown) => log.debug({ err: error }, 'Delivery could not be remembered'));
  }
}

function workOf({ address, body }: ProvenHook, { clock, log, metrics }: TakeParts): Work {
  const receivedAt = clock.now();
  const hook = readHook(body, address.source);
  if (!hook.ok) return malformed(hook.error.message);
  switch (hook.value.kind) {
    case 'jobs':
      return workOfJobs(hook.value);
    case 'project': {
      const { name, project } = hook.value;
      return { outcome: 'queued', onboard: onboardEvent(name, { instance: address.instance, project }) };
    }
    case 'wrong-project':
      log.warn(
        { ...named({ address }), project: hook.value.project },
        'Hook refused: it is of another project',
      );
      return { outcome: hook.value.kind };
    case 'unknown-status':
      log.warn({ ...named({ address }), status: hook.value.status }, 'Hook tells of a status we do not know');
      return { outcome: hook.value.kind };
    case 'not-needed':
    case 'other-event':
      return { outcome: hook.value.kind };
  }

  function workOfJobs({ project, jobs, leftOut, unreadable }: Hook & { kind: 'jobs' }): Work {
    if (leftOut > 0) {
      metrics.buildsLeftOut(leftOut);
      log.warn({ ...named({ address }), project, leftOut }, 'Pipeline is too large for one hook');
    }
    if (unreadable !== undefined) {
      if (jobs.length === 0) return malformed(unreadable.problem);
      log.warn({ ...named({ address }), project, ...unreadable }, 'Some jobs of a pipeline say nothing');
    }
    if (jobs.length === 0) return { outcome: 'not-needed' };
    const { instance } = address;
    const events = jobs.map((heard) => {
      const event = { instance, project, ...believed(heard, address.source), receivedAt };
      return { id: jobEventId(event), event };
    });
    return { outcome: 'queued', events };
  }

  function malformed(problem: string): Work {
    log.warn({ ...named({ address }), problem }, 'Hook says nothing that we understand');
    return { outcome: 'malformed' };
  }
}

/**
 * A group's owner can make GitLab send any body, also of projects of others: without details GitLab is asked whether
 * the job is there and has ended, at the price of one request.
 */
function believed({ job, status, details }: HeardJob, { kind }: HookSource): HeardJob {
  const isDoubted = kind === 'group' && status === 'ended';
  return isDoubted || details === undefined ? { job, status } : { job, status, details };
}

function deliveryOf({ address, id, signedSeconds }: ProvenHook): Delivery | undefined {
  return id === undefined ? undefined : { address, id, signedSeconds };
}

function named({ address: { instance, source } }: Pick<ProvenHook, 'address'>): object {
  return { instance, source };
}
