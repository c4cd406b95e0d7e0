import type { Millis } from '../clock.ts';
import type { HostName, JobKey, SystemId } from '../names.ts';
import {
  forgottenScores,
  instancesText,
  jobText,
  leaseScore,
  leaseText,
  parkedText,
  parseInstances,
  parseLease,
  parseParked,
  parseRecordedUse,
  wholeMillis,
} from './entries.ts';
import { compareBytes, compareLastUses, digestUses, parkedForm } from './merge.ts';
import type { Identity, LastUse, Lease, RecordedUse, Use } from './model.ts';
import {
  DEFAULT_BOUNDS,
  type EvidenceBounds,
  type EvidenceStore,
  type Fed,
  type RecordOutcome,
  TOMBSTONE_MS,
} from './store.ts';

/** A sorted set: a text and its number. */
type Scores = Map<string, number>;

class HostEvidence {
  readonly last = new Map<Identity, LastUse>();
  readonly uses: Scores = new Map();
  readonly repullable: Scores = new Map();
  readonly leases: Scores = new Map();
  readonly ended: Scores = new Map();
  readonly fed: Scores = new Map();
}

/**
 * The twin of the Redis store, for a reaper that stands alone. It lives as long as its process, so it knows no
 * idle time; for the rest one behaviour suite runs on both.
 */
export function createMemoryEvidenceStore(bounds: EvidenceBounds = DEFAULT_BOUNDS): EvidenceStore {
  return new MemoryEvidenceStore(bounds);
}

class MemoryEvidenceStore implements EvidenceStore {
  readonly #bounds: EvidenceBounds;
  readonly #hosts = new Map<HostName, HostEvidence>();
  readonly #parked = new Map<SystemId, Scores>();

  constructor(bounds: EvidenceBounds) {
    this.#bounds = bounds;
  }

  async recordUses(host: HostName, uses: readonly Use[]): Promise<RecordOutcome> {
    return this.#record(this.#host(host), uses);
  }

  async lastUses(host: HostName): Promise<ReadonlyMap<Identity, LastUse>> {
    return new Map(this.#host(host).last);
  }

  async recordedUses(host: HostName, limit: number): Promise<readonly RecordedUse[]> {
    return ranked(this.#host(host).uses)
      .reverse()
      .slice(0, Math.max(0, limit))
      .flatMap(([text, at]) => parseRecordedUse(text, at) ?? []);
  }

  async noteRepullable(host: HostName, identities: readonly Identity[], at: Millis): Promise<void> {
    const { repullable } = this.#host(host);
    for (const identity of identities) raise(repullable, identity, wholeMillis(at));
    keepHighest(repullable, this.#bounds.identities);
  }

  async repullable(host: HostName): Promise<ReadonlySet<Identity>> {
    return new Set(this.#host(host).repullable.keys() as Iterable<Identity>);
  }

  async lease(host: HostName, leases: readonly Lease[]): Promise<void> {
    const evidence = this.#host(host);
    for (const lease of leases) {
      if (evidence.ended.has(jobText(lease.job))) continue;
      raise(evidence.leases, leaseText(lease), leaseScore(lease));
    }
    keepHighest(evidence.leases, this.#bounds.leases);
  }

  async leases(host: HostName, now: Millis): Promise<readonly Lease[]> {
    const { leases } = this.#host(host);
    const forgotten = forgottenScores(now);
    for (const [text, score] of leases) {
      if (forgotten.some(([from, to]) => score >= from && score <= to)) leases.delete(text);
    }
    return ranked(leases)
      .flatMap(([text, score]) => parseLease(text, score) ?? [])
      .filter((lease) => lease.expiresAt > now);
  }

  async endJob(host: HostName, job: JobKey, at: Millis): Promise<void> {
    const { ended, leases } = this.#host(host);
    raise(ended, jobText(job), wholeMillis(at));
    for (const [text, endedAt] of ended) {
      if (endedAt < wholeMillis(at) - TOMBSTONE_MS) ended.delete(text);
    }
    keepHighest(ended, this.#bounds.uses);
    for (const text of leases.keys()) {
      if (text.startsWith(`${jobText(job)} `)) leases.delete(text);
    }
  }

  async markFed(host: HostName, { at, instances }: Fed): Promise<void> {
    const { fed } = this.#host(host);
    raise(fed, instancesText(instances), wholeMillis(at));
    keepHighest(fed, 1);
  }

  async fed(host: HostName): Promise<Fed | undefined> {
    const [[text, at] = []] = this.#host(host).fed;
    const instances = text === undefined ? undefined : parseInstances(text);
    return instances === undefined || at === undefined ? undefined : { at: wholeMillis(at), instances };
  }

  async park(manager: SystemId, uses: readonly Use[]): Promise<void> {
    const parked = getOrMake(this.#parked, manager, () => new Map<string, number>());
    for (const use of uses.flatMap((use) => parkedForm(use) ?? [])) raise(parked, parkedText(use), use.at);
    keepHighest(parked, this.#bounds.parked);
  }

  async unpark(manager: SystemId, hosts: readonly HostName[]): Promise<number> {
    if (hosts.length === 0) return 0;
    const parked = [...(this.#parked.get(manager) ?? [])];
    const uses = parked.flatMap(([text, at]) => parseParked(text, at) ?? []);
    for (const host of hosts) {
      this.#record(this.#host(host), uses);
      for (const use of uses) if (use.pulled) await this.noteRepullable(host, use.identities, use.at);
    }
    this.#parked.delete(manager);
    return uses.length;
  }

  #record(evidence: HostEvidence, uses: readonly Use[]): RecordOutcome {
    const digest = digestUses(uses);
    const moved: Identity[] = [];
    for (const [identity, lastUse] of digest.lastUses) {
      const known = evidence.last.get(identity);
      if (known !== undefined && compareLastUses(lastUse, known) <= 0) continue;
      evidence.last.set(identity, lastUse);
      moved.push(identity);
    }
    keepNewestLastUses(evidence.last, this.#bounds.identities);

    const ahead: string[] = [];
    for (const [text, line] of digest.recorded) {
      if (raise(evidence.uses, text, line.at) && line.ahead) ahead.push(text);
    }
    keepHighest(evidence.uses, this.#bounds.uses);
    return {
      moved: moved.filter((identity) => evidence.last.has(identity)).length,
      clockAhead: ahead.filter((text) => evidence.uses.has(text)).length,
    };
  }

  #host(host: HostName): HostEvidence {
    return getOrMake(this.#hosts, host, () => new HostEvidence());
  }
}

/** ZADD GT: says whether anything changed. */
function raise(scores: Scores, text: string, score: number): boolean {
  const known = scores.get(text);
  if (known !== undefined && known >= score) return false;
  scores.set(text, score);
  return true;
}

/** Lowest first, in the order of a Redis sorted set. */
function ranked(scores: Scores): [string, number][] {
  return [...scores].sort(([a, x], [b, y]) => x - y || compareBytes(a, b));
}

function keepHighest(scores: Scores, bound: number): void {
  if (scores.size <= bound) return;
  for (const [text] of ranked(scores).slice(0, scores.size - bound)) scores.delete(text);
}

function keepNewestLastUses(last: Map<Identity, LastUse>, bound: number): void {
  if (last.size <= bound) return;
  const times: Scores = new Map([...last].map(([identity, use]) => [identity, use.at]));
  for (const [identity] of ranked(times).slice(0, last.size - bound)) last.delete(identity as Identity);
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
