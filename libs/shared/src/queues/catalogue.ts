import * as z from 'zod/mini';
import { hostTag } from '../evidence/keys.ts';
import type { HostName, InstanceName } from '../names.ts';
import { defineQueue } from './define.ts';

const nothing = z.object({});
/** How good what a reaper decides upon is: `stale` and `watch-only` want an operator's look. */
const evidenceKind = z.enum(['fresh', 'stale', 'watch-only']);

/** What a hook or a list said of a job, as far as it was there. Times in milliseconds. */
const jobDetails = z.object({
  name: z.string(),
  createdAt: z.number(),
  startedAt: z.optional(z.number()),
  finishedAt: z.optional(z.number()),
  /** The runner's record, which several machines may share. */
  runner: z.optional(z.number()),
  systemId: z.optional(z.string()),
  /** From GitLab's own list or API: not a hook's word. */
  confirmed: z.optional(z.boolean()),
});

/** The collector's work: each hint about a job is looked up in GitLab and becomes evidence. One for each GitLab. */
export const resolveQueue = defineQueue('resolve', {
  /** Something was heard of a job. The status is only a hint: GitLab is asked. */
  'job-event': {
    payload: z.object({
      instance: z.string(),
      project: z.number(),
      job: z.number(),
      /** `expected`: created or pending. */
      status: z.enum(['expected', 'running', 'ended']),
      receivedAt: z.number(),
      /** With these GitLab is asked for the trace only; without them also for the job. */
      details: z.optional(jobDetails),
    }),
    result: z.object({
      outcome: z.string(),
      uses: z.number(),
      hosts: z.array(z.string()),
      /** What could not be known, where the evidence is weaker for it. */
      missing: z.optional(z.array(z.string())),
    }),
    attempts: 12,
    backoffMs: 2_000,
    // As many as reconcile may bring up again at each poll because their traces are refused.
    keepCompleted: 5_000,
  },
});

/** A GitLab that limits us, or is away, makes its own queue wait and nobody else's. */
export function resolveQueueOf(instance: InstanceName): typeof resolveQueue {
  return { ...resolveQueue, name: `${resolveQueue.name}-${instance}` };
}

/** The collector's schedule: what hooks did not say. */
export const reconcileQueue = defineQueue('reconcile', {
  poll: {
    payload: nothing,
    result: z.object({ projects: z.number(), jobs: z.number(), missed: z.number(), unparked: z.number() }),
    attempts: 1,
    backoffMs: 0,
  },
});

/** What GitLab's system hooks tell of projects. */
export const onboardQueue = defineQueue('onboard', {
  /** A project was made: its hook is installed where the collector may. */
  'project-created': {
    payload: z.object({ instance: z.string(), project: z.number() }),
    result: z.object({ outcome: z.string() }),
    attempts: 8,
    backoffMs: 5_000,
  },
  /** A project is gone: what the collector remembers of its jobs goes too. Evidence stays; the images were used. */
  'project-destroyed': {
    payload: z.object({ instance: z.string(), project: z.number() }),
    result: z.object({ outcome: z.string() }),
    attempts: 8,
    backoffMs: 5_000,
  },
});

const cycleResult = z.object({
  state: z.string(),
  planned: z.number(),
  evicted: z.number(),
  bytes: z.number(),
  evidence: evidenceKind,
});

/** One queue a host, worked by the reaper there. No job here can name an image, force, or loosen the policy. */
export const hostQueue = defineQueue('reaper', {
  /**
   * Look at the disk and the budget, and reap if the policy says so. `fresh`: ask the engine what is on it, also where
   * it has told of nothing new.
   */
  check: {
    payload: z.object({ fresh: z.optional(z.boolean()) }),
    result: cycleResult,
    attempts: 1,
    backoffMs: 0,
  },
  /** Say what would be evicted now, and change nothing. */
  plan: {
    payload: nothing,
    result: z.object({ state: z.string(), planned: z.number(), bytes: z.number(), evidence: evidenceKind }),
    attempts: 1,
    backoffMs: 0,
  },
  /** An operator wants room now: reap until this much is free (or the policy's `stop`, if that is more), under every guard. */
  reap: {
    payload: z.object({ freeBytes: z.optional(z.number()) }),
    result: cycleResult,
    attempts: 1,
    backoffMs: 0,
  },
});

/** BullMQ prefix of the collector's queues; the braces keep each prefix in one Redis Cluster slot. */
export const COLLECTOR_PREFIX = '{sb:c}';

export function hostQueuePrefix(host: HostName): string {
  return hostTag(host);
}
