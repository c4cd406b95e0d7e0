import type { Redis } from 'ioredis';
import * as z from 'zod/mini';
import { hostKeys, hostOfRegistrationKey, REGISTRATION_PATTERN } from '../evidence/keys.ts';
import { keepNewestScript } from '../evidence/lua/keep-newest.ts';
import { DEFAULT_BOUNDS } from '../evidence/store.ts';
import { parseJson } from '../json.ts';
import { type Log, silentLog } from '../log.ts';
import { type HostName, parseHostName } from '../names.ts';
import { callRedis } from '../redis-call.ts';
import { defineScript } from '../redis-script.ts';
import { claimText, NOTHING_NOTICED, parseNotice, parseRegistration, registrationRecord } from './entries.ts';
import { type HostRecords, type HostReport, hostReport, type JournalEntry, journalEntry } from './records.ts';

const DAY_MS = 86_400_000;
const JOURNAL_MS = 90 * DAY_MS;
const JOURNAL_ENTRIES = 5_000;
const CLAIMS = 5_000;
const CLAIMS_MS = DEFAULT_BOUNDS.idleMs;
// A script blocks Redis: not all 5,000 at once.
const BATCH = 250;

/**
 * What hosts say, in Redis. A host writes its own keys, so what it says of another host, and what is not
 * understood, is left out and logged. Appending the same journal entry twice keeps it once, and so does claiming
 * the same job. Throws `REDIS_UNAVAILABLE` only.
 */
export function createRedisHostRecords(redis: Redis, log: Log = silentLog()): HostRecords {
  const keepNewest = defineScript(redis, keepNewestScript);

  /** The records a host may have written of itself; the others are counted in the log. */
  function understood<T extends { readonly host: string }>(
    schema: z.ZodMiniType<T>,
    key: string,
    host: string | undefined,
    texts: readonly string[],
  ): T[] {
    const records = texts.flatMap((text) => {
      const parsed = z.safeParse(schema, parseJson(text));
      return parsed.success && parsed.data.host === host ? [parsed.data] : [];
    });
    const broken = texts.length - records.length;
    if (broken > 0) log.warn({ key, broken }, 'Host records in Redis were not understood and left out');
    return records;
  }

  async function keepEach(
    key: string,
    bounds: readonly [kept: number, ttlMs: number],
    members: readonly (readonly [at: number, text: string])[],
  ): Promise<void> {
    for (let start = 0; start < members.length; start += BATCH) {
      await keepNewest([key], [...bounds, ...members.slice(start, start + BATCH).flat()]);
    }
  }

  async function read(key: string): Promise<string[]> {
    const text = await callRedis(() => redis.get(key));
    return text === null ? [] : [text];
  }

  return {
    async register(registration) {
      const key = hostKeys(registration.host).registration;
      await callRedis(() => redis.set(key, JSON.stringify(registration), 'PX', DAY_MS));
    },

    async registrations() {
      const keys = await registrationKeys(redis);
      const found = await Promise.all(
        keys.map(async (key) =>
          understood(registrationRecord, key, hostOfRegistrationKey(key), await read(key)),
        ),
      );
      return found.flat().flatMap((record) => parseRegistration(record) ?? []);
    },

    async publishReport(report: HostReport) {
      const key = hostKeys(hostNamed(report.host)).report;
      await callRedis(() => redis.set(key, JSON.stringify(report), 'PX', DAY_MS));
    },

    async report(host) {
      const key = hostKeys(host).report;
      return understood(hostReport, key, host, await read(key))[0];
    },

    async appendJournal(host, entries: readonly JournalEntry[]) {
      const members = entries.map((entry) => [entry.at, JSON.stringify(entry)] as const);
      await keepEach(hostKeys(host).journal, [JOURNAL_ENTRIES, JOURNAL_MS], members);
    },

    async journal(host, limit) {
      if (limit <= 0) return [];
      const key = hostKeys(host).journal;
      const texts = await callRedis(() => redis.zrevrange(key, 0, limit - 1));
      return understood(journalEntry, key, host, texts);
    },

    async claimJobs(host, claims, at) {
      const texts = claims.flatMap((claim) => claimText(claim) ?? []);
      const members = texts.map((text) => [Math.floor(at), text] as const);
      await keepEach(hostKeys(host).claims, [CLAIMS, CLAIMS_MS], members);
    },

    async claimants(claim, hosts) {
      const text = claimText(claim);
      if (text === undefined) return [];
      const scores = await Promise.all(
        hosts.map((host) => callRedis(() => redis.zscore(hostKeys(host).claims, text))),
      );
      return hosts.filter((_, index) => scores[index] !== null);
    },

    async notify(host, notice) {
      await callRedis(() => redis.set(hostKeys(host).notice, JSON.stringify(notice), 'PX', DAY_MS));
    },

    async notice(host) {
      const key = hostKeys(host).notice;
      const [text] = await read(key);
      if (text === undefined) return NOTHING_NOTICED;
      const notice = parseNotice(text);
      if (notice === undefined) log.warn({ key }, 'A notice in Redis was not understood and left out');
      return notice ?? NOTHING_NOTICED;
    },

    async keepAlive(host) {
      const { last, provenance, uses, repullable, leases, fed, claims } = hostKeys(host);
      const idle = [last, provenance, uses, repullable, leases, fed, claims];
      // What has a shorter life of its own (tombstones, the registration, the report) or a longer one (the journal) keeps it.
      await Promise.all(idle.map((key) => callRedis(() => redis.pexpire(key, DEFAULT_BOUNDS.idleMs))));
    },
  };
}

function hostNamed(text: string): HostName {
  const host = parseHostName(text);
  if (!host.ok) throw new RangeError(host.error.message);
  return host.value;
}

async function registrationKeys(redis: Redis): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = await callRedis(() =>
      redis.scan(cursor, 'MATCH', REGISTRATION_PATTERN, 'COUNT', 1_000),
    );
    for (const key of page) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...keys];
}
