import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { ManualClock } from '@sideband/shared/clock';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import type { JobClaim } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  aJob,
  aLease,
  aUse,
  HOST,
  HOUR,
  later,
  MINUTE,
  NODE,
  NOON,
  RUBY,
  RUBY_ID,
  seen,
} from './evidence.suite.ts';
import { hostBesideRedis } from './host-evidence.suite.ts';
import { openLocalEvidence } from './local-evidence.ts';

const CLAIM: JobClaim = { gitlab: 'gitlab.example', project: aJob(1).project, job: aJob(1).job };
const INSTANCES = new Map([['gitlab.example', aJob(1).instance]]);

let state: TemporaryDirectory;

const aHost = (options: Parameters<typeof hostBesideRedis>[1] = {}) => hostBesideRedis(state.path, options);

beforeEach(async () => {
  state = await temporaryDirectory('evidence');
});
afterEach(() => state.remove());

describe('what watch saw', () => {
  test('counts at once and is in Redis at once', async () => {
    const { evidence, local, store, claimed, settle } = await aHost();
    await evidence.see(seen({ uses: [aUse()], pulled: [RUBY_ID], claims: [CLAIM] }));
    expect(local.read(NOON).lastUses.get(RUBY)?.at).toBe(NOON);
    await settle();
    expect((await store.lastUses(HOST)).get(RUBY)?.at).toBe(NOON);
    expect(await store.repullable(HOST)).toEqual(new Set([RUBY_ID]));
    expect(claimed).toEqual([CLAIM]);
    expect(await evidence.recorded()).toMatchObject([{ identity: RUBY, source: 'watch' }]);
  });

  test('is noted while Redis is away, and brought there when it is back', async () => {
    const { evidence, store, redis, claimed, secondPasses } = await aHost();
    redis.isAway = true;
    await evidence.see(seen({ uses: [aUse()], claims: [CLAIM] }));
    await evidence.see(seen({ uses: [aUse({ identities: [NODE] })], pulled: [NODE] }));
    await secondPasses();
    expect(await store.lastUses(HOST)).toEqual(new Map());
    expect(await evidence.recorded()).toEqual([]);
    redis.isAway = false;
    await secondPasses();
    expect(new Set((await store.lastUses(HOST)).keys())).toEqual(new Set([RUBY, NODE]));
    expect(await store.repullable(HOST)).toEqual(new Set([NODE]));
    expect(claimed).toEqual([CLAIM]);
  });

  test('reaches Redis with the next plan when it was too much to wait for, or its reaper was killed', async () => {
    const first = await aHost();
    first.redis.isAway = true;
    const many = Array.from({ length: 6_000 }, (_, i) =>
      aUse({ job: aJob(i + 1), identities: [`x:${i}` as never] }),
    );
    await first.evidence.see(seen({ uses: many, pulled: [RUBY_ID] }));
    const second = await aHost({ store: first.store });
    await second.evidence.all();
    expect((await second.store.lastUses(HOST)).size).toBe(6_000);
    expect(await second.store.repullable(HOST)).toEqual(new Set([RUBY_ID]));
  });

  test('is not waited for by who saw it', async () => {
    const store = createMemoryEvidenceStore();
    store.recordUses = () => new Promise(() => undefined);
    const { evidence, local, secondPasses } = await aHost({ store });
    await evidence.see(seen({ uses: [aUse()] }));
    await secondPasses();
    await evidence.see(seen({ uses: [aUse({ identities: [NODE] })] }));
    expect([...local.read(NOON).lastUses.keys()]).toEqual([RUBY, NODE]);
  });

  test('that nobody can deliver is reported, and holds up nothing after it', async () => {
    const { evidence, store, redis, said, settle, secondPasses } = await aHost();
    redis.fails = new TypeError('a mistake of ours');
    await evidence.see(seen({ uses: [aUse()] }));
    await settle();
    expect(said.filter(({ level }) => level === 50)).toHaveLength(1);
    delete redis.fails;
    await evidence.see(seen({ uses: [aUse({ identities: [NODE] })] }));
    await secondPasses();
    expect([...(await store.lastUses(HOST)).keys()]).toEqual([NODE]);
  });

  test('that still waits goes with the last call', async () => {
    const { evidence, store } = await aHost();
    await evidence.see(seen({ uses: [aUse()] }));
    await evidence.see(seen({ uses: [aUse({ identities: [NODE] })] }));
    await evidence.close();
    expect((await store.lastUses(HOST)).size).toBe(2);
  });
});

describe('a plan', () => {
  test('has what GitLab told and what watch saw', async () => {
    const { evidence, store } = await aHost();
    await store.recordUses(HOST, [aUse({ source: 'trace', at: later(-HOUR) })]);
    await store.noteRepullable(HOST, [RUBY_ID], NOON);
    await store.lease(HOST, [aLease()]);
    await store.markFed(HOST, { at: NOON, instances: INSTANCES });
    await evidence.see(seen({ uses: [aUse({ identities: [NODE] })], builtHere: [NODE] }));
    const found = await evidence.all();
    expect(found.lastUses.get(RUBY)).toMatchObject({ source: 'trace', at: later(-HOUR) });
    expect(found.lastUses.get(NODE)).toMatchObject({ source: 'watch', at: NOON });
    expect(found.projectImages).toEqual(new Map([[7, [NODE, RUBY]]]));
    expect({ ...found, lastUses: 0, projectImages: 0 }).toEqual({
      lastUses: 0,
      projectImages: 0,
      leases: [aLease()],
      repullable: new Set([RUBY_ID]),
      builtHere: new Set([NODE]),
      freshness: { kind: 'fresh', asOf: NOON },
    });
  });

  test('without Redis has the same, growing older, which is said once', async () => {
    const { evidence, store, redis, clock, said } = await aHost();
    await store.recordUses(HOST, [aUse({ source: 'trace' })]);
    await store.lease(HOST, [aLease({ expiresAt: later(10 * MINUTE) })]);
    await store.markFed(HOST, { at: NOON, instances: INSTANCES });
    const before = await evidence.all();
    redis.isAway = true;
    clock.advance(5 * MINUTE);
    expect(await evidence.all()).toEqual(before);
    expect(await evidence.leases()).toEqual([aLease()]);
    clock.advance(HOUR);
    expect(await evidence.all()).toEqual({ ...before, leases: [], freshness: { kind: 'stale', asOf: NOON } });
    expect(said.map(({ msg }) => msg)).toEqual(['Redis is away; the evidence is what this host knows']);
    expect(said[0]).toMatchObject({ level: 40, host: HOST, ageMs: 5 * MINUTE });
    redis.isAway = false;
    await evidence.all();
    expect(said.map(({ msg }) => msg).slice(1)).toEqual(['Redis is back']);
  });

  test('gives everything back to a Redis that was emptied, once', async () => {
    const before = await aHost();
    const uses = [
      aUse({ source: 'trace', identities: [RUBY_ID, RUBY] }),
      aUse({ identities: [NODE], job: undefined, role: 'container', jobName: '' }),
    ];
    await before.store.recordUses(HOST, uses);
    await before.store.noteRepullable(HOST, [RUBY_ID], NOON);
    const evidence = await before.evidence.all();
    const after = await aHost({ store: createMemoryEvidenceStore() });
    expect(await after.evidence.all()).toEqual(evidence);
    expect(await after.store.lastUses(HOST)).toEqual(await before.store.lastUses(HOST));
    expect(await after.store.repullable(HOST)).toEqual(await before.store.repullable(HOST));
    expect(await after.store.recordedUses(HOST, 9)).toEqual(await before.store.recordedUses(HOST, 9));
    after.calls.length = 0;
    await after.evidence.all();
    expect(after.calls.sort()).toEqual(['fed', 'lastUses', 'leases', 'repullable']);
  });

  test('brings the leases it knew back to a Redis that was emptied, where the end of their job ends them', async () => {
    const before = await aHost();
    await before.store.markFed(HOST, { at: NOON, instances: INSTANCES });
    await before.store.lease(HOST, [aLease({ strength: 'confirmed' })]);
    await before.evidence.all();
    const after = await aHost({ store: createMemoryEvidenceStore() });
    expect((await after.evidence.all()).leases).toEqual([aLease({ strength: 'confirmed' })]);
    expect(await after.evidence.leases()).toEqual([aLease({ strength: 'confirmed' })]);
    await after.store.endJob(HOST, aLease().job, NOON);
    expect(await after.evidence.leases()).toEqual([]);
    expect((await after.evidence.all()).leases).toEqual([]);
  });

  test('does not ask a full Redis for what it refuses', async () => {
    const store = createMemoryEvidenceStore({ ...DEFAULT_BOUNDS, identities: 3 });
    const local = await openLocalEvidence({
      stateDirectory: state.path,
      host: HOST,
      clock: new ManualClock(NOON),
      staleAfterMs: 1,
      bounds: { identities: 3, leases: 1 },
      log: silentLog(),
    });
    await local.note(
      seen({ uses: [1, 2, 3, 4].map((n) => aUse({ at: later(n), identities: [`here:${n}` as never] })) }),
    );
    await store.recordUses(
      HOST,
      [3, 4, 5].map((n) => aUse({ at: later(n), identities: [`there:${n}` as never] })),
    );
    const ask = async () => {
      const lacking = await local.absorb({
        lastUses: await store.lastUses(HOST),
        leases: [],
        repullable: new Set(),
        fed: undefined,
      });
      await store.recordUses(HOST, lacking.uses);
      return lacking.uses.length;
    };
    expect(await ask()).toBeGreaterThan(0);
    expect(await ask()).toBe(0);
    expect(local.read(NOON).lastUses).toEqual(await store.lastUses(HOST));
  });

  test('reads the leases again alone, and they last when Redis goes away then', async () => {
    const { evidence, store, redis } = await aHost();
    await evidence.all();
    await store.lease(HOST, [aLease({ strength: 'confirmed' })]);
    expect(await evidence.leases()).toEqual([aLease({ strength: 'confirmed' })]);
    redis.isAway = true;
    expect((await evidence.all()).leases).toEqual([aLease({ strength: 'confirmed' })]);
  });

  test('carries what waiting jobs will probably need, as long as it lasts, also while Redis is away', async () => {
    const { evidence, store, redis } = await aHost();
    const expected = aLease({ strength: 'expected' });
    await store.lease(HOST, [expected, aLease({ strength: 'expected', expiresAt: NOON })]);
    expect((await evidence.all()).leases).toEqual([expected]);
    redis.isAway = true;
    expect((await evidence.all()).leases).toEqual([expected]);
  });

  test('hides no mistake of ours', async () => {
    const { evidence, redis } = await aHost();
    redis.fails = new TypeError('a mistake of ours');
    await expect(evidence.all()).rejects.toThrow('a mistake of ours');
  });
});

test('standing alone, a host knows what its watch saw, and asks nobody', async () => {
  const { evidence, calls } = await aHost({ standalone: true });
  await evidence.see(seen({ uses: [aUse()], pulled: [RUBY_ID] }));
  expect(await evidence.all()).toMatchObject({
    repullable: new Set([RUBY_ID]),
    leases: [],
    freshness: { kind: 'watch-only', asOf: undefined },
  });
  expect([await evidence.leases(), await evidence.recorded()]).toEqual([[], []]);
  await evidence.close();
  expect(calls).toEqual([]);
});
