import type { Millis } from '@sideband/shared/clock';
import type { HostReport, JournalEntry } from '@sideband/shared/hosts/records';
import { formatJobKey, type HostName } from '@sideband/shared/names';
import type { DiskReading } from './disk/port.ts';
import { explain } from './plan/explain.ts';
import type { Decision, Eviction, Plan } from './plan/plan.ts';
import { markBytes, type Policy } from './plan/policy.ts';
import { isDiskLow, isEmergency } from './plan/pressure.ts';
import type { Snapshot } from './plan/snapshot.ts';

/** One word for how the host is: the first that is true. */
export function stateOf(planned: Plan, snapshot: Snapshot, policy: Policy): string {
  if (isEmergency(snapshot.filesystems, policy)) return 'emergency';
  if (isDiskLow(snapshot.filesystems, policy)) return 'low';
  if (planned.pressure?.trigger === 'over-budget') return 'over-budget';
  if (planned.freshness.kind === 'stale') return 'stale';
  return policy.mode === 'observe' ? 'observing' : 'healthy';
}

/** What is known of the host beside its images and its disk. */
export interface Standing {
  /** Watch sees what happens on the engine. */
  readonly isWatching: boolean;
  /** Images of which watch and GitLab said different things, since the start. */
  readonly disagreements: number;
  /** A sentence each. */
  readonly warnings: readonly string[];
}

export function reportOf(
  {
    host,
    engineName,
    standing,
  }: { readonly host: HostName; readonly engineName: string; readonly standing: () => Standing },
  snapshot: Snapshot,
  planned: Plan,
  policy: Policy,
): HostReport {
  const { isWatching, disagreements, warnings } = standing();
  const { kind, asOf } = planned.freshness;
  return {
    host,
    at: planned.at,
    mode: policy.mode,
    engine: engineName,
    evidence: { kind, asOf: asOf ?? null, isWatching, disagreements },
    warnings: [...warnings],
    filesystems: snapshot.filesystems.map((disk) => ({
      path: disk.path,
      totalBytes: disk.totalBytes,
      freeBytes: disk.freeBytes,
      startBytes: markBytes(policy.disk.start, disk.totalBytes),
      stopBytes: markBytes(policy.disk.stop, disk.totalBytes),
    })),
    imageBytes: planned.totalBytes,
    budgetBytes: policy.budget?.startBytes ?? null,
    state: stateOf(planned, snapshot, policy),
    images: planned.decisions.map((decision) => reportImage(decision, planned.at)),
  };
}

function reportImage(decision: Decision, now: Millis): HostReport['images'][number] {
  const { image, lastUse } = decision;
  return {
    id: image.id,
    names: namesOf(decision),
    bytes: decision.bytes,
    ownBytes: decision.ownBytes,
    lastUseAt: lastUse.at,
    lastUseSource: lastUse.use?.source ?? 'arrival',
    lastUseJob: lastUse.use?.job ? formatJobKey(lastUse.use.job) : null,
    verdict: decision.verdict,
    reason: decision.reason,
    explanation: explain(decision, now),
  };
}

export function journalEntryOf(
  host: HostName,
  eviction: Eviction,
  outcome: JournalEntry['outcome'],
  filesystems: readonly DiskReading[],
  at: Millis,
): JournalEntry {
  return {
    at,
    host,
    outcome,
    image: eviction.image.id,
    names: namesOf(eviction),
    bytes: eviction.freesBytes,
    lastUseAt: eviction.lastUse.at,
    reason: eviction.reason,
    explanation: explain(eviction, at),
    freeBytesAfter: leastFree(filesystems),
  };
}

/** The plan ended and what was wanted is still lacking. */
export function shortfallEntry(
  host: HostName,
  planned: Plan,
  filesystems: readonly DiskReading[],
): JournalEntry {
  const reason = planned.pressure?.trigger ?? 'disk-low';
  const kept = new Map<string, number>();
  for (const decision of planned.decisions) {
    if (decision.verdict === 'keep') kept.set(decision.reason, (kept.get(decision.reason) ?? 0) + 1);
  }
  const reasons = [...kept].map(([why, count]) => `${count} ${why}`).join(', ');
  return {
    at: planned.at,
    host,
    outcome: 'shortfall',
    image: '',
    names: [],
    bytes: planned.shortfallBytes,
    lastUseAt: null,
    reason,
    explanation: `Nothing more may be evicted and room is still lacking. Kept: ${reasons || 'no images'}.`,
    freeBytesAfter: leastFree(filesystems),
  };
}

function namesOf(decision: Decision): string[] {
  const { tags, digests } = decision.image;
  return [...(tags.length > 0 ? tags : digests)];
}

function leastFree(filesystems: readonly DiskReading[]): number {
  return Math.min(...filesystems.map((disk) => disk.freeBytes));
}
