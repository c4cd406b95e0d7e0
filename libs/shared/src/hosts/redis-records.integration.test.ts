import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Millis } from '../clock.ts';
import { hostKeys } from '../evidence/keys.ts';
import type { Identity } from '../evidence/model.ts';
import { createRedisEvidenceStore } from '../evidence/redis-store.ts';
import type { HostName, JobId, ProjectId, SystemId } from '../names.ts';
import { type OwnRedis, openRedis } from '../redis-client.suite.ts';
import type { HostReport, JobClaim, JournalEntry, Registration } from './records.ts';
import { createRedisHostRecords } from './redis-records.ts';

const ALPHA = 'alpha.example' as HostName;
const BETA = 'beta' as HostName;
const NOON = 1_795_262_400_000 as Millis;

let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  own = await openRedis();
  redis = own.redis;
});

afterAll(() => own.close());

beforeEach(async () => {
  await redis.flushall();
});

function registration(host: HostName): Registration {
  const systemIds = ['s_0123456789ab' as SystemId];
  return { host, uuid: '0b2c', systemIds, seenAt: NOON, mode: 'observe', engine: 'boot-1' };
}

function report(host: HostName): HostReport {
  return {
    host,
    at: NOON,
    mode: 'observe',
    engine: 'in-memory',
    filesystems: [{ path: '/data', totalBytes: 10, freeBytes: 5, startBytes: 1, stopBytes: 2 }],
    evidence: { kind: 'fresh', asOf: NOON, isWatching: true, disagreements: 0 },
    warnings: [],
    imageBytes: 5,
    budgetBytes: null,
    state: 'idle',
    images: [],
  };
}

function entry(at: number, image: string): JournalEntry {
  return {
    at,
    host: ALPHA,
    outcome: 'evicted',
    image,
    names: [],
    bytes: 1,
    lastUseAt: null,
    reason: 'oldest',
    explanation: 'Nobody used it',
    freeBytesAfter: 2,
  };
}

function claim(job: number, gitlab = 'gitlab.example:8443', project = 7): JobClaim {
  return { gitlab, project: project as ProjectId, job: job as JobId };
}

describe('host records in Redis', () => {
  test('every host that registered is found, and forgotten after a day', async () => {
    const records = createRedisHostRecords(redis);
    expect(await records.registrations()).toEqual([]);
    await records.register({ ...registration(ALPHA), seenAt: (NOON - 1) as Millis });
    await records.register(registration(ALPHA));
    await records.register(registration(BETA));
    await redis.set('{sb:h:x}:registration:more', 'none of ours');
    const found = await records.registrations();
    expect(new Set(found)).toEqual(new Set([registration(ALPHA), registration(BETA)]));
    expect((await redis.pttl(hostKeys(ALPHA).registration)) / 3_600_000).toBeCloseTo(24, 1);
  });

  test('a host cannot speak for another, and a bad system id is dropped alone', async () => {
    const records = createRedisHostRecords(redis);
    await redis.set(hostKeys(ALPHA).registration, JSON.stringify(registration(BETA)));
    await redis.set(hostKeys(ALPHA).report, JSON.stringify(report(BETA)));
    await redis.set('{sb:h:UPPER}:registration', JSON.stringify(registration('UPPER' as HostName)));
    const systemIds = ['s_0123456789ab', '*'];
    await redis.set(hostKeys(BETA).registration, JSON.stringify({ ...registration(BETA), systemIds }));
    expect(await records.registrations()).toEqual([registration(BETA)]);
    expect(await records.report(ALPHA)).toBeUndefined();
  });

  test('an instance comes back, is missing where none was said, and is dropped alone where it is none', async () => {
    const records = createRedisHostRecords(redis);
    const named = { ...registration(ALPHA), instance: 'projects/7/i-0123456789abcdef0' };
    await records.register(named);
    await records.register(registration(BETA));
    expect(new Set(await records.registrations())).toEqual(new Set([named, registration(BETA)]));
    for (const instance of ['', 'a b', 'a\n', 'ü', 'a'.repeat(256)]) {
      await records.register({ ...registration(ALPHA), instance });
      expect(new Set(await records.registrations())).toEqual(
        new Set([registration(ALPHA), registration(BETA)]),
      );
    }
    await redis.set(hostKeys(ALPHA).registration, JSON.stringify({ ...registration(ALPHA), instance: 7 }));
    expect(await records.registrations()).toEqual([registration(BETA)]);
  });

  test('the last report is kept for a day', async () => {
    const records = createRedisHostRecords(redis);
    expect(await records.report(ALPHA)).toBeUndefined();
    await records.publishReport(report(ALPHA));
    await records.publishReport({ ...report(ALPHA), state: 'low' });
    expect(await records.report(ALPHA)).toEqual({ ...report(ALPHA), state: 'low' });
    expect((await redis.pttl(hostKeys(ALPHA).report)) / 3_600_000).toBeCloseTo(24, 1);
    await redis.set(hostKeys(ALPHA).report, '{"host":');
    expect(await records.report(ALPHA)).toBeUndefined();
    await expect(records.publishReport({ ...report(ALPHA), host: 'a}b' })).rejects.toThrow('is no host name');
  });

  test('the journal is newest first, says a thing once, and keeps 5,000 entries', async () => {
    const records = createRedisHostRecords(redis);
    const early = entry(1, 'late delivery');
    const entries = Array.from({ length: 5_010 }, (_, index) => entry(index + 2, `image ${index}`));
    await records.appendJournal(ALPHA, entries);
    await records.appendJournal(ALPHA, [early, ...entries.slice(-3)]);
    await records.appendJournal(ALPHA, []);
    expect(await records.journal(ALPHA, 2)).toEqual(entries.slice(-2).reverse());
    expect(await records.journal(ALPHA, 10_000)).toHaveLength(5_000);
    expect(await records.journal(ALPHA, 0)).toEqual([]);
    expect(await records.journal(BETA, 10)).toEqual([]);
    expect((await redis.pttl(hostKeys(ALPHA).journal)) / 86_400_000).toBeCloseTo(90, 1);
  });

  test('a broken entry of the journal is left out', async () => {
    const records = createRedisHostRecords(redis);
    await records.appendJournal(ALPHA, [entry(1, 'one')]);
    await redis.zadd(
      hostKeys(ALPHA).journal,
      2,
      'rubbish',
      3,
      JSON.stringify({ ...entry(3, 'x'), host: BETA }),
    );
    expect(await records.journal(ALPHA, 10)).toEqual([entry(1, 'one')]);
  });

  test('a registration that names no engine has none that is known', async () => {
    const records = createRedisHostRecords(redis);
    const { engine: _, ...rest } = registration(ALPHA);
    await redis.set(hostKeys(ALPHA).registration, JSON.stringify(rest));
    expect(await records.registrations()).toEqual([{ ...registration(ALPHA), engine: '' }]);
  });

  test('a job is found on the hosts that claimed it, and on no other', async () => {
    const records = createRedisHostRecords(redis);
    await records.claimJobs(ALPHA, [claim(1), claim(2)], NOON);
    await records.claimJobs(BETA, [claim(2)], NOON);
    await records.claimJobs(BETA, [], NOON);
    const hosts = [BETA, ALPHA, 'gamma' as HostName];
    expect(await records.claimants(claim(2), hosts)).toEqual([BETA, ALPHA]);
    expect(await records.claimants(claim(1), hosts)).toEqual([ALPHA]);
    expect(await records.claimants(claim(1), [BETA])).toEqual([]);
    expect(await records.claimants(claim(1), [])).toEqual([]);
    for (const other of [claim(3), claim(1, 'gitlab.example'), claim(1, 'gitlab.example:8443', 8)]) {
      expect(await records.claimants(other, hosts)).toEqual([]);
    }
  });

  test('the newest 5,000 claims are kept, each for as long as its host’s evidence', async () => {
    const records = createRedisHostRecords(redis);
    const later = (NOON + 1) as Millis;
    await records.claimJobs(
      ALPHA,
      Array.from({ length: 5_000 }, (_, index) => claim(index + 1)),
      NOON,
    );
    await records.claimJobs(ALPHA, [claim(1), claim(9_000)], later);
    await records.claimJobs(ALPHA, [claim(1)], NOON);
    expect(await redis.zcard(hostKeys(ALPHA).claims)).toBe(5_000);
    expect(await redis.zcount(hostKeys(ALPHA).claims, later, later)).toBe(2);
    expect(await records.claimants(claim(1), [ALPHA])).toEqual([ALPHA]);
    expect((await redis.pttl(hostKeys(ALPHA).claims)) / 86_400_000).toBeCloseTo(7, 1);
  });

  test('an address that is none is claimed by nobody', async () => {
    const records = createRedisHostRecords(redis);
    const bad = ['', 'gitlab.example 7', 'gitlab\nexample', 'a'.repeat(260)].map((gitlab) =>
      claim(1, gitlab),
    );
    await records.claimJobs(ALPHA, [...bad, claim(1)], NOON);
    expect(await redis.zrange(hostKeys(ALPHA).claims, 0, '-1')).toEqual(['gitlab.example:8443 7 1']);
    for (const one of bad) expect(await records.claimants(one, [ALPHA])).toEqual([]);
  });

  test('a thousand hosts are asked for a job in one go', async () => {
    const records = createRedisHostRecords(redis);
    const hosts = Array.from({ length: 1_000 }, (_, index) => `host-${index}` as HostName);
    await records.claimJobs('host-700' as HostName, [claim(1)], NOON);
    expect(await records.claimants(claim(1), hosts)).toEqual(['host-700']);
  });

  test('a notice is kept for a day; without one, or with rubbish, nothing was noticed', async () => {
    const records = createRedisHostRecords(redis);
    const nothing = { sharesManagerWith: [], sharesEngineWith: [] };
    expect(await records.notice(ALPHA)).toEqual(nothing);
    const notice = { sharesManagerWith: [BETA], sharesEngineWith: ['gamma' as HostName] };
    await records.notify(ALPHA, notice);
    expect(await records.notice(ALPHA)).toEqual(notice);
    expect(await records.notice(BETA)).toEqual(nothing);
    expect((await redis.pttl(hostKeys(ALPHA).notice)) / 3_600_000).toBeCloseTo(24, 1);
    await redis.set(hostKeys(ALPHA).notice, JSON.stringify({ ...notice, sharesManagerWith: ['a}b', BETA] }));
    expect(await records.notice(ALPHA)).toEqual(notice);
    await redis.set(hostKeys(ALPHA).notice, '[]');
    expect(await records.notice(ALPHA)).toEqual(nothing);
  });

  test('what lives long is kept alive, and what has a life of its own is not touched', async () => {
    const records = createRedisHostRecords(redis);
    const store = createRedisEvidenceStore(redis);
    const { registration: enrolled, report: reported, journal, ended, notice, ...kept } = hostKeys(ALPHA);
    const job = { instance: 'gitlab' as never, project: 7 as ProjectId, job: 1 as JobId };
    const identity = 'docker.io/library/ruby:3.3' as Identity;
    const identities = [identity];
    const about = { job, jobName: '', role: 'build', source: 'watch', at: NOON, receivedAt: NOON } as const;
    await store.recordUses(ALPHA, [{ ...about, identities }]);
    await store.noteRepullable(ALPHA, identities, NOON);
    await store.endJob(ALPHA, job, NOON);
    const expiresAt = (NOON + 1) as Millis;
    const other = { ...job, job: 2 as JobId };
    await store.lease(ALPHA, [{ job: other, identity, strength: 'predicted', expiresAt }]);
    await store.markFed(ALPHA, { at: NOON, instances: new Map() });
    await records.claimJobs(ALPHA, [claim(1)], NOON);
    await records.register(registration(ALPHA));
    await records.publishReport(report(ALPHA));
    await records.appendJournal(ALPHA, [entry(1, 'one')]);
    await records.notify(ALPHA, { sharesManagerWith: [], sharesEngineWith: [] });
    const all = await redis.keys('*');
    for (const key of all) await redis.pexpire(key, 60_000);

    await records.keepAlive(ALPHA);
    await records.keepAlive(BETA);
    const { lock: _, ...alive } = kept;
    expect(all.sort()).toEqual([...Object.values(alive), enrolled, reported, journal, ended, notice].sort());
    for (const key of Object.values(alive)) {
      expect([key, Math.round((await redis.pttl(key)) / 86_400_000)]).toEqual([key, 7]);
    }
    for (const key of [enrolled, reported, journal, ended, notice]) {
      expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
    }
  });

  test('they fail with REDIS_UNAVAILABLE while Redis is away', async () => {
    const away = await openRedis();
    const records = createRedisHostRecords(away.redis);
    await away.server.stop();
    const unavailable = { code: 'REDIS_UNAVAILABLE' };
    await expect(records.register(registration(ALPHA))).rejects.toMatchObject(unavailable);
    await expect(records.registrations()).rejects.toMatchObject(unavailable);
    await expect(records.appendJournal(ALPHA, [entry(1, 'one')])).rejects.toMatchObject(unavailable);
    await expect(records.claimJobs(ALPHA, [claim(1)], NOON)).rejects.toMatchObject(unavailable);
    await expect(records.claimants(claim(1), [ALPHA, BETA])).rejects.toMatchObject(unavailable);
    await expect(records.keepAlive(ALPHA)).rejects.toMatchObject(unavailable);
    await away.close();
  });
});
