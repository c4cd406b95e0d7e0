import type { DiskReading } from '../disk/port.ts';
import { markBytes, type Policy } from './policy.ts';
import type { EvictReason } from './reasons.ts';
import type { Snapshot } from './snapshot.ts';

/** Why images have to go now, and how much; undefined where they don't. */
export interface Pressure {
  readonly trigger: EvictReason;
  /** Bytes that still have to become free on the filesystem that lacks most. */
  readonly diskBytes: number;
  /** The part of `diskBytes` that ends the emergency. */
  readonly emergencyBytes: number;
  /** Bytes by which the images exceed the budget's `stop`. */
  readonly budgetBytes: number;
}

/** Is a filesystem below its `start`? This alone decides whether a local look becomes a check. */
export function isDiskLow(filesystems: readonly DiskReading[], policy: Policy): boolean {
  return filesystems.some((disk) => roomOf(disk) < markBytes(policy.disk.start, disk.totalBytes));
}

export function isEmergency(filesystems: readonly DiskReading[], policy: Policy): boolean {
  return filesystems.some((disk) => roomOf(disk) < markBytes(policy.disk.emergency, disk.totalBytes));
}

/** Has every filesystem reached what was wanted? */
export function hasRoom(
  filesystems: readonly DiskReading[],
  policy: Policy,
  request: Snapshot['request'],
): boolean {
  return filesystems.every((disk) => roomOf(disk) >= wanted(disk, policy, request));
}

/** What a plan has to reach; undefined where nothing has to go. `totalImageBytes`: every layer counted once. */
export function pressureOf(
  { filesystems, request, begun }: Pick<Snapshot, 'filesystems' | 'request' | 'begun'>,
  totalImageBytes: number,
  policy: Policy,
): Pressure | undefined {
  const { budget, disk } = policy;
  const isLow = isDiskLow(filesystems, policy);
  const isOver = budget !== undefined && totalImageBytes > budget.startBytes;
  const emergencyBytes = lacking(filesystems, (one) => markBytes(disk.emergency, one.totalBytes));
  // Between `start` and `stop` only a request or a reap that has begun goes on.
  const goesOn = begun !== undefined && begun !== 'over-budget';
  const diskBytes =
    isLow || request || goesOn ? lacking(filesystems, (one) => wanted(one, policy, request)) : 0;
  const budgetBytes =
    budget && (isOver || begun === 'over-budget') ? Math.max(0, totalImageBytes - budget.stopBytes) : 0;
  if (diskBytes <= 0 && budgetBytes <= 0) return undefined;
  const trigger = triggerOf(emergencyBytes > 0, isLow, isOver) ?? begun ?? 'requested';
  return { trigger, diskBytes, emergencyBytes, budgetBytes };
}

function triggerOf(emergency: boolean, isLow: boolean, isOver: boolean): EvictReason | undefined {
  if (emergency) return 'emergency';
  if (isLow) return 'disk-low';
  return isOver ? 'over-budget' : undefined;
}

function wanted(disk: DiskReading, policy: Policy, request: Snapshot['request']): number {
  return Math.max(markBytes(policy.disk.stop, disk.totalBytes), request?.freeBytes ?? 0);
}

function lacking(filesystems: readonly DiskReading[], target: (disk: DiskReading) => number): number {
  return Math.max(0, ...filesystems.map((disk) => target(disk) - roomOf(disk)));
}

/** Free bytes, or the same share of the disk as of its inodes where those are scarcer: without one of both nothing fits. */
function roomOf({ freeBytes, totalBytes, freeInodes, totalInodes }: DiskReading): number {
  return freeInodes === undefined ? freeBytes : Math.min(freeBytes, (freeInodes / totalInodes) * totalBytes);
}
