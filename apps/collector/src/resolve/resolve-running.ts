import type { Millis } from '@sideband/shared/clock';
import type { HostName, SystemId } from '@sideband/shared/names';
import type { RememberedJob } from './ledger.ts';
import { readTrace } from './read-trace.ts';
import { recordTrace } from './record-trace.ts';
import { askGitLab } from './resolver-ask.ts';
import { hostsOfRunner, learnManager, setLeases } from './resolver-leases.ts';
import {
  findPlace,
  findTracePlace,
  type HeardJob,
  isAsked,
  noteLatency,
  nothingDone,
  type Resolved,
  type ResolverParts,
  startOf,
} from './resolver-parts.ts';
import type { TraceHead } from './trace-reader.ts';
import { imagesIn, saysAll } from './uses.ts';

/** How long a lease holds at most. The job's own time-out may be less, but GitLab's API does not tell it. */
export const LEASE_MS = 3_600_000;
/**
 * A runner prepares a job within seconds or, with a large image, minutes. A slot of the queue is not held for
 * that long: what has not been said by then, the end of the job brings.
 */
const TRACE_WAITS_MS = [250, 750, 2_000, 4_000];

/**
 * A job that runs: leases on what it needs, at once from what a job of its name used last, else from its trace.
 *
 * Outcomes: `predicted` (leases from memory), those of `recordTrace` (confirmed leases, and a use at the job's
 * start), `too-early` (the trace named nothing in time), `trace-refused`, `unplaced`, `no-images` (jobs of this name
 * use none), and `no-lease` (the job started so long ago that its leases would be over). Undefined: where it may be
 * is more than the event tells, and GitLab has to be asked for the job.
 */
export async function resolveRunning(parts: ResolverParts, heard: HeardJob): Promise<Resolved | undefined> {
  const { key, job } = heard;
  if (startOf(heard) + LEASE_MS <= parts.clock.now()) return nothingDone('no-lease');

  const remembered = await parts.ledger.lastOf(key.instance, key.project, job.name);
  if (remembered === undefined) return await resolveFromTrace(parts, heard);
  if (remembered.images.length === 0) return nothingDone('no-images');
  const possible = await possibleHosts(parts, heard);
  if (possible !== undefined) return await predict(parts, heard, remembered, possible);
  return isAsked(heard) ? await resolveFromTrace(parts, heard) : undefined;
}

/** Where the job may be at work. Undefined where neither its manager nor those of its runner are known. */
async function possibleHosts(
  parts: ResolverParts,
  heard: HeardJob,
): Promise<readonly HostName[] | undefined> {
  const manager = heard.job.systemId;
  if (manager === undefined) return await hostsOfRunner(parts, heard);
  const placement = await findPlace(parts, heard, manager);
  await learnManager(parts, heard, placement, startOf(heard));
  return placement.possible;
}

async function predict(
  parts: ResolverParts,
  heard: HeardJob,
  { images, hosts: lately }: RememberedJob,
  possible: readonly HostName[],
): Promise<Resolved> {
  // An autoscaler's machines belong to no manager; what ran there lately is the best guess without a request.
  const hosts = possible.length > 0 ? possible : lately;
  await setLeases(parts, heard, hosts, images, { strength: 'predicted', expiresAt: expiryOf(heard) });
  if (hosts.length > 0) noteLatency(parts, 'lease', startOf(heard));
  return { outcome: hosts.length > 0 ? 'predicted' : 'unplaced', uses: 0, hosts: [...hosts] };
}

async function resolveFromTrace(parts: ResolverParts, heard: HeardJob): Promise<Resolved> {
  const head = await waitForTrace(parts, heard);
  if (typeof head === 'string') return nothingDone(head === 'no-trace' ? 'too-early' : head);
  if (head.images.length === 0 && !saysAll(head)) return nothingDone('too-early');

  const placement = await findTracePlace(parts, heard, head, await managerOf(heard, head));
  const images = imagesIn(head);
  const lease = { strength: 'confirmed', expiresAt: expiryOf(heard) } as const;
  await setLeases(parts, heard, placement.possible, images, lease);
  if (images.length > 0 && placement.possible.length > 0) noteLatency(parts, 'lease', startOf(heard));
  await learnManager(parts, heard, placement, startOf(heard));
  return await recordTrace(parts, heard, head, placement, startOf(heard));
}

/** Runners before 15.8 do not say it in the trace. */
async function managerOf(heard: HeardJob, head: TraceHead): Promise<SystemId | undefined> {
  const told = heard.job.systemId ?? head.systemId;
  return told !== undefined || isAsked(heard) ? told : (await askGitLab(heard))?.job.systemId;
}

/** The trace once the preparation is over, or as far as it had come in seven seconds. */
async function waitForTrace(parts: ResolverParts, heard: HeardJob): ReturnType<typeof readTrace> {
  let head = await readTrace(parts, heard);
  for (const pause of TRACE_WAITS_MS) {
    if (head === 'trace-refused' || (head !== 'no-trace' && saysAll(head))) break;
    await parts.wait(pause);
    head = await readTrace(parts, heard);
  }
  return head;
}

/** Counted from the job's start, so that the same event, once more or late, makes no lease longer. */
function expiryOf(heard: HeardJob): Millis {
  return (startOf(heard) + LEASE_MS) as Millis;
}
