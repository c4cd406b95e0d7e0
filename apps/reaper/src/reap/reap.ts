import type { Disk, DiskReading } from '../disk/port.ts';
import type { Engine, EngineContainer } from '../engine/port.ts';
import type { Eviction, Plan } from '../plan/plan.ts';
import type { Policy } from '../plan/policy.ts';
import { hasRoom, isEmergency } from '../plan/pressure.ts';
import type { Snapshot } from '../plan/snapshot.ts';
import { evictImage } from './evict-image.ts';
import type { NamesNote } from './names-note.ts';

export interface Reaped {
  readonly eviction: Eviction;
  readonly outcome: 'evicted' | 'in-use' | 'failed';
  readonly message: string | undefined;
  readonly filesystems: readonly DiskReading[];
}

export interface Reaping {
  readonly engine: Engine;
  readonly disk: Disk;
  readonly note: NamesNote;
  /** Leases change while a long plan is carried out; answers whether a job has come to need this image. */
  readonly isLeased: (eviction: Eviction, containers: readonly EngineContainer[]) => Promise<boolean>;
  readonly pause: (milliseconds: number) => Promise<unknown>;
  /** False when the lock was lost or the reaper is told to end: the deletion under way is the last one. */
  readonly mayGoOn: () => Promise<boolean>;
  /** Called after each deletion, so that what was done is known even if the next one kills us. */
  readonly onReaped: (reaped: Reaped) => Promise<void>;
}

/**
 * Carries out a plan, one image at a time: the containers are read again right before each deletion and the
 * disk right after it, and it stops as soon as there is room. Throws what the ports throw.
 */
export async function reap(
  plan: Plan,
  policy: Policy,
  request: Snapshot['request'],
  tools: Reaping,
): Promise<readonly Reaped[]> {
  const reaped: Reaped[] = [];
  let budgetBytes = plan.pressure?.budgetBytes ?? 0;
  const diskWanted = (plan.pressure?.diskBytes ?? 0) > 0;
  for (const eviction of plan.evictions) {
    const before = reaped.at(-1)?.filesystems;
    // The emergency may be over sooner than the plan's sums said: then what it had opened is closed again.
    if (eviction.openedGuard !== undefined && before !== undefined && !isEmergency(before, policy))
      return reaped;
    if (!(await tools.mayGoOn())) return reaped;
    const result = await evictOne(eviction, tools);
    reaped.push(result);
    await tools.onReaped(result);
    if (result.outcome === 'evicted') budgetBytes -= eviction.freesBytes;
    // Only statfs knows what a deletion really freed: the plan's sum may fall short of it or go beyond it.
    const roomOnDisk = !diskWanted || hasRoom(result.filesystems, policy, request);
    if (roomOnDisk && budgetBytes <= 0) return reaped;
  }
  const isEnough = plan.shortfallBytes === 0 && reaped.every(({ outcome }) => outcome === 'evicted');
  if (diskWanted && isEnough) {
    await untilShown(async () => hasRoom(await tools.disk.read(), policy, request), tools.pause);
  }
  return reaped;
}

/** btrfs, ZFS and XFS may give room back seconds after a deletion; what shows by then is all there is. */
const SHOWN_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 500;

/** Waits until the disk has the room that the plan summed up, so that no plan is made on a disk that lags behind. */
async function untilShown(hasShown: () => Promise<boolean>, pause: Reaping['pause']): Promise<void> {
  for (let waited = 0; waited < SHOWN_WITHIN_MS && !(await hasShown()); waited += LOOK_AGAIN_MS) {
    await pause(LOOK_AGAIN_MS);
  }
}

async function evictOne(eviction: Eviction, tools: Reaping): Promise<Reaped> {
  const { image } = eviction;
  const containers = await tools.engine.containers();
  const claimed =
    containers.some((container) => container.image === image.id) ||
    (await tools.isLeased(eviction, containers));
  const outcome = claimed
    ? ({ kind: 'in-use' } as const)
    : await evictImage(tools.engine, image.id, tools.note);
  const filesystems = await tools.disk.read();
  const message = outcome.kind === 'failed' ? outcome.message : undefined;
  return { eviction, outcome: outcome.kind, message, filesystems };
}
