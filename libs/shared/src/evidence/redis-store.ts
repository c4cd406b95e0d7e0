import type { Redis } from 'ioredis';
import type { Millis } from '../clock.ts';
import { type Log, silentLog } from '../log.ts';
import type { HostName, JobKey, SystemId } from '../names.ts';
import { callRedis } from '../redis-call.ts';
import { defineScript } from '../redis-script.ts';
import {
  forgottenScores,
  instancesText,
  isIdentity,
  jobText,
  lastUseText,
  leaseScore,
  leaseText,
  parkedText,
  parseInstances,
  parseLastUse,
  parseLease,
  parseParked,
  parseRecordedUse,
  wholeMillis,
} from './entries.ts';
import { hostKeys, managerKeys } from './keys.ts';
import { endJobScript } from './lua/end-job.ts';
import { forgetParkedScript } from './lua/forget-parked.ts';
import { keepNewestScript } from './lua/keep-newest.ts';
import { leaseScript } from './lua/lease.ts';
import { recordUsesScript } from './lua/record-uses.ts';
import { digestUses, parkedForm } from './merge.ts';
import type { Identity, LastUse, Lease, RecordedUse, Use } from './model.ts';
import {
  DEFAULT_BOUNDS,
  type EvidenceBounds,
  type EvidenceStore,
  type Fed,
  type RecordOutcome,
  TOMBSTONE_MS,
} from './store.ts';

// A script blocks Redis: 100 uses of three identities take it about 2 ms.
const BATCH = 100;
const PAGE = 5_000;

/**
 * Evidence in Redis. A list longer than 100 is written in several steps, each atomic: repeat the call if it
 * fails half-way. What is read back and not understood is left out and logged.
 */
export function createRedisEvidenceStore(
  redis: Redis,
  bounds: EvidenceBounds = DEFAULT_BOUNDS,
  log: Log = silentLog(),
): EvidenceStore {
  return new RedisEvidenceStore(redis, bounds, log);
}

class RedisEvidenceStore implements EvidenceStore {
  readonly #redis: Redis;
  readonly #bounds: EvidenceBounds;
  readonly #log: Log;
  readonly #recordUses: ReturnType<typeof defineScript>;
  readonly #keepNewest: ReturnType<typeof defineScript>;
  readonly #forgetParked: ReturnType<typeof defineScript>;
  readonly #lease: ReturnType<typeof defineScript>;
  readonly #endJob: ReturnType<typeof defineScript>;

  constructor(redis: Redis, bounds: EvidenceBounds, log: Log) {
    this.#redis = redis;
    this.#bounds = bounds;
    this.#log = log;
    this.#recordUses = defineScript(redis, recordUsesScript);
    this.#keepNewest = defineScript(redis, keepNewestScript);
    this.#forgetParked = defineScript(redis, forgetParkedScript);
    this.#lease = defineScript(redis, leaseScript);
    this.#endJob = defineScript(redis, endJobScript);
  }

  async recordUses(host: HostName, uses: readonly Use[]): Promise<RecordOutcome> {
    const keys = hostKeys(host);
    const { identities, uses: usesKept, idleMs } = this.#bounds;
    let moved = 0;
    let clockAhead = 0;
    for (const batch of batches(uses)) {
      const { lastUses, recorded } = digestUses(batch);
      const answer = await this.#recordUses(
        [keys.last, keys.provenance, keys.uses],
        [
          ...[identities, usesKept, idleMs, lastUses.size],
          ...[...lastUses].flatMap(([identity, use]) => [identity, lastUseText(use)]),
          ...[...recorded].flatMap(([text, { at, ahead }]) => [text, at, ahead ? 1 : 0]),
        ],
      );
      const [movedNow = 0, aheadNow = 0] = answer as number[];
      moved += movedNow;
      clockAhead += aheadNow;
    }
    return { moved, clockAhead };
  }

  async lastUses(host: HostName): Promise<ReadonlyMap<Identity, LastUse>> {
    const key = hostKeys(host).provenance;
    // HSCAN, unlike pages by rank, misses nothing that moves meanwhile.
    const entries = await this.#scan((cursor) => this.#redis.hscan(key, cursor, 'COUNT', PAGE));
    return new Map(
      this.#understood(key, entries, ([identity, text]) => {
        const lastUse = parseLastUse(text);
        return lastUse !== undefined && isIdentity(identity) ? ([identity, lastUse] as const) : undefined;
      }),
    );
  }

  async recordedUses(host: HostName, limit: number): Promise<readonly RecordedUse[]> {
    if (limit <= 0) return [];
    const key = hostKeys(host).uses;
    const flat = await callRedis(() => this.#redis.zrevrange(key, 0, limit - 1, 'WITHSCORES'));
    return this.#understood(key, pairs(flat), ([text, at]) => parseRecordedUse(text, Number(at)));
  }

  async noteRepullable(host: HostName, identities: readonly Identity[], at: Millis): Promise<void> {
    const bound = this.#bounds.identities;
    for (const batch of batches(identities)) {
      const members = batch.flatMap((identity) => [wholeMillis(at), identity]);
      await this.#keepNewest([hostKeys(host).repullable], [bound, this.#bounds.idleMs, ...members]);
    }
  }

  async repullable(host: HostName): Promise<ReadonlySet<Identity>> {
    const key = hostKeys(host).repullable;
    const entries = await this.#scan((cursor) => this.#redis.zscan(key, cursor, 'COUNT', PAGE));
    return new Set(this.#understood(key, entries, ([text]) => (isIdentity(text) ? text : undefined)));
  }

  async lease(host: HostName, leases: readonly Lease[]): Promise<void> {
    const keys = hostKeys(host);
    for (const batch of batches(leases)) {
      const members = batch.flatMap((lease) => [jobText(lease.job), leaseText(lease), leaseScore(lease)]);
      await this.#lease([keys.leases, keys.ended], [this.#bounds.leases, this.#bounds.idleMs, ...members]);
    }
  }

  async leases(host: HostName, now: Millis): Promise<readonly Lease[]> {
    const key = hostKeys(host).leases;
    const flat = await callRedis(async () => {
      for (const [from, to] of forgottenScores(now)) await this.#redis.zremrangebyscore(key, from, to);
      return this.#redis.zrange(key, 0, '-1', 'WITHSCORES');
    });
    const leases = this.#understood(key, pairs(flat), ([text, score]) => parseLease(text, Number(score)));
    return leases.filter((lease) => lease.expiresAt > now);
  }

  async endJob(host: HostName, job: JobKey, at: Millis): Promise<void> {
    const keys = hostKeys(host);
    const endedAt = wholeMillis(at);
    await this.#endJob(
      [keys.leases, keys.ended],
      [jobText(job), endedAt, endedAt - TOMBSTONE_MS, this.#bounds.uses, TOMBSTONE_MS],
    );
  }

  async markFed(host: HostName, { at, instances }: Fed): Promise<void> {
    const values = [1, this.#bounds.idleMs, wholeMillis(at), instancesText(instances)];
    await this.#keepNewest([hostKeys(host).fed], values);
  }

  async fed(host: HostName): Promise<Fed | undefined> {
    const key = hostKeys(host).fed;
    const flat = await callRedis(() => this.#redis.zrevrange(key, 0, 0, 'WITHSCORES'));
    const [fed] = this.#understood(key, pairs(flat), ([text, at]) => {
      const instances = parseInstances(text);
      return instances && { at: wholeMillis(Number(at)), instances };
    });
    return fed;
  }

  async park(manager: SystemId, uses: readonly Use[]): Promise<void> {
    for (const batch of batches(uses.flatMap((use) => parkedForm(use) ?? []))) {
      const members = batch.flatMap((use) => [use.at, parkedText(use)]);
      const bounds = [this.#bounds.parked, this.#bounds.idleMs];
      await this.#keepNewest([managerKeys(manager).parked], [...bounds, ...members]);
    }
  }

  async unpark(manager: SystemId, hosts: readonly HostName[]): Promise<number> {
    if (hosts.length === 0) return 0;
    const key = managerKeys(manager).parked;
    const entries = pairs(await callRedis(() => this.#redis.zrange(key, 0, '-1', 'WITHSCORES')));
    const uses = this.#understood(key, entries, ([text, at]) => parseParked(text, Number(at)));
    for (const host of hosts) {
      await this.recordUses(host, uses);
      for (const use of uses) if (use.pulled) await this.noteRepullable(host, use.identities, use.at);
    }
    // Exactly what was recorded (and what nobody understands): more, or a later time, may have been parked meanwhile.
    for (const batch of batches(entries))
      await this.#forgetParked(
        [key],
        batch.flatMap(([text, at]) => [at, text]),
      );
    return uses.length;
  }

  async #scan(page: (cursor: string) => Promise<[string, string[]]>): Promise<[string, string][]> {
    const entries: [string, string][] = [];
    let cursor = '0';
    do {
      const [next, flat] = await callRedis(() => page(cursor));
      for (const entry of pairs(flat)) entries.push(entry);
      cursor = next;
    } while (cursor !== '0');
    return entries;
  }

  #understood<T>(
    key: string,
    entries: readonly [string, string][],
    parse: (entry: readonly [string, string]) => T | undefined,
  ): T[] {
    const parsed = entries.map(parse).filter((value) => value !== undefined);
    const broken = entries.length - parsed.length;
    if (broken > 0) this.#log.warn({ key, broken }, 'Entries in Redis were not understood and left out');
    return parsed;
  }
}

function* batches<T>(all: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < all.length; start += BATCH) yield all.slice(start, start + BATCH);
}

function pairs(flat: readonly string[]): [string, string][] {
  const entries: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) entries.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return entries;
}
