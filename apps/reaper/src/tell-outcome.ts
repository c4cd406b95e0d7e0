import type { JournalEntry } from '@sideband/shared/hosts/records';
import type { CycleParts } from './cycle.ts';
import type { ImageId } from './engine/port.ts';
import { explainFreshness } from './plan/explain.ts';
import type { Plan } from './plan/plan.ts';
import type { Snapshot } from './plan/snapshot.ts';
import type { Reaped } from './reap/reap.ts';
import { journalEntryOf, reportOf, shortfallEntry } from './report.ts';

type TellingParts = Pick<
  CycleParts,
  | 'host'
  | 'engineName'
  | 'standing'
  | 'records'
  | 'journal'
  | 'memory'
  | 'policy'
  | 'clock'
  | 'metrics'
  | 'log'
>;

/** What a shortfall is remembered under. */
export const NO_IMAGE = '' as ImageId;

/** One image's eviction has ended, well or not. */
export async function noteReaped(
  parts: TellingParts,
  one: Reaped,
  reported: ReadonlySet<ImageId>,
): Promise<void> {
  const entry = journalEntryOf(parts.host, one.eviction, one.outcome, one.filesystems, parts.clock.now());
  const { image, outcome, bytes, reason } = entry;
  parts.metrics.evictionEnded(one.outcome, bytes);
  if (one.outcome === 'evicted') {
    parts.memory.forget(one.eviction.image.id);
    parts.log.info({ image, bytes, reason, names: entry.names }, 'Image evicted');
  } else {
    parts.log.warn({ image, outcome, reason, engine: one.message }, 'Image not evicted');
  }
  const isNews = one.outcome === 'evicted' || !reported.has(one.eviction.image.id);
  await parts.journal.append(isNews ? [entry] : []);
}

async function publish(parts: TellingParts, snapshot: Snapshot, planned: Plan): Promise<void> {
  try {
    await parts.records.publishReport(reportOf(parts, snapshot, planned, parts.policy));
  } catch (error) {
    parts.log.warn({ err: error }, 'The report could not be written');
  }
}

/** What a cycle came to: for the fleet, for Prometheus, for the log. `isNews`: also for the journal. */
export async function tellOutcome(
  parts: TellingParts,
  snapshot: Snapshot,
  planned: Plan,
  news: { readonly isNews: boolean; readonly reported: ReadonlySet<ImageId> },
): Promise<void> {
  await publish(parts, snapshot, planned);
  count(parts, snapshot, planned);
  if (news.isNews) await journalOutcome(parts, planned, snapshot, news.reported);
}

/** Stale evidence is said each time: it is what this cycle decided upon. */
function count(
  { metrics, log }: TellingParts,
  snapshot: Snapshot,
  { at, freshness, shortfallBytes }: Plan,
): void {
  const { images, filesystems } = snapshot;
  metrics.cycleEnded({ at, images: images.length, filesystems, shortfallBytes, freshness });
  if (freshness.kind !== 'stale') return;
  log.warn(
    { asOf: freshness.asOf, says: explainFreshness(freshness, at) },
    'What GitLab knows is stale; what this host sees for itself counts meanwhile',
  );
}

/** What an operator must hear of: what would have gone (once an image), and a disk that stays low. */
async function journalOutcome(
  parts: TellingParts,
  planned: Plan,
  snapshot: Snapshot,
  reported: ReadonlySet<ImageId>,
): Promise<void> {
  const news = planned.evictions.filter((eviction) => !reported.has(eviction.image.id));
  const entries: JournalEntry[] = news.map((eviction) =>
    journalEntryOf(parts.host, eviction, 'would-evict', snapshot.filesystems, planned.at),
  );
  for (const { bytes } of entries) parts.metrics.evictionEnded('would-evict', bytes);
  if (planned.shortfallBytes > 0) {
    const { shortfallBytes } = planned;
    parts.log.warn(
      { shortfallBytes, images: snapshot.images.length },
      'The disk stays low: nothing more may be evicted',
    );
    if (!reported.has(NO_IMAGE)) entries.push(shortfallEntry(parts.host, planned, snapshot.filesystems));
  }
  await parts.journal.append(entries);
}
