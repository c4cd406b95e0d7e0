import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, type Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { Identity, Use } from '@sideband/shared/evidence/model';
import type { HostRecords, HostReport, JournalEntry } from '@sideband/shared/hosts/records';
import { silentLog } from '@sideband/shared/log';
import type { HostName, InstanceName, JobId, ProjectId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCycle } from './cycle.ts';
import { createMemoryDisk } from './disk/memory-disk.ts';
import { createMemoryEngine, type MemoryEngine } from './engine/memory-engine.ts';
import type { ImageId } from './engine/port.ts';
import { createEvidenceReader } from './evidence-reader.ts';
import type { Hold } from './identity/lock.ts';
import type { Policy } from './plan/policy.ts';
import { aPolicy, MINUTE, NOW } from './plan/snapshot.suite.ts';
import { createJournal } from './reap/journal.ts';
import { openMemoryOfImages } from './reap/memory-of-images.ts';
import { createNamesNote } from './reap/names-note.ts';

const HOST = 'runner-1' as HostName;
let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sideband-cycle-'));
});
afterEach(() => rm(state, { recursive: true }));

interface Said {
  readonly journal: JournalEntry[];
  report: HostReport | undefined;
}

function recordsSaying(said: Said): HostRecords {
  return {
    register: async () => undefined,
    registrations: async () => [],
    publishReport: async (report) => {
      said.report = report;
    },
    report: async () => said.report,
    appendJournal: async (_, entries) => void said.journal.push(...entries),
    journal: async () => said.journal,
  };
}

function aUseOf(image: ImageId, job: number, minutesAgo: number): Use {
  return {
    job: { instance: 'gitlab' as InstanceName, project: 1 as ProjectId, job: job as JobId },
    jobName: 'test',
    role: 'build',
    identities: [image as unknown as Identity],
    at: (NOW - minutesAgo * MINUTE) as Millis,
    receivedAt: NOW,
    source: 'trace',
  };
}

/** A host with three images of 100 bytes, a used longest ago, on a disk of 1,000 bytes with 150 free. */
async function aHost(
  policy: Policy,
  engine = createMemoryEngine(),
  otherBytes = (): number => 550,
  lock: Hold = { held: true },
) {
  const clock = new ManualClock(NOW);
  const store = createMemoryEvidenceStore();
  const said: Said = { journal: [], report: undefined };
  const records = recordsSaying(said);
  const images = ['a', 'b', 'c'].map((name, index) => {
    const layers = [{ chain: name, bytes: 100 }];
    const id = engine.addImage({ tags: [`${name}:1`], layers, arrivedAt: NOW - 900 * MINUTE });
    return { id, use: aUseOf(id, index + 1, 300 - 100 * index) };
  });
  const [a, b, c] = images.map((image) => image.id) as [ImageId, ImageId, ImageId];
  await store.recordUses(
    HOST,
    images.map((image) => image.use),
  );
  await store.noteRepullable(HOST, [a, b, c] as unknown as Identity[], NOW);
  const log = silentLog();
  const memory = await openMemoryOfImages(state, log);
  const reader = { fails: false };
  const read = createEvidenceReader(
    {
      leases: (host, now) => store.leases(host, now),
      repullable: (host) => store.repullable(host),
      lastUses: (host) =>
        reader.fails ? Promise.reject(new SidebandError('REDIS_UNAVAILABLE')) : store.lastUses(host),
    },
    HOST,
    clock,
    log,
  );
  const run = createCycle({
    host: HOST,
    engine,
    engineName: 'in-memory',
    disk: createMemoryDisk(engine, { capacityBytes: 1_000, otherBytes }),
    readEvidence: read,
    records,
    journal: createJournal(state, HOST, records, log),
    memory,
    note: createNamesNote(state, memory.rememberDigests),
    policy,
    holdLock: async () => lock,
    clock,
    log,
  });
  const present = async (): Promise<readonly ImageId[]> => (await engine.images()).map((image) => image.id);
  return { run, said, store, reader, present, a, b, c, clock };
}

describe('a cycle', () => {
  it('evicts down to stop, writes the journal and reports what is left', async () => {
    const host = await aHost(aPolicy());

    const result = await host.run({ kind: 'check' });

    expect(result).toEqual({ state: 'healthy', planned: 2, evicted: 2, bytes: 200 });
    expect(await host.present()).toEqual([host.c]);
    expect(host.said.journal.map(({ image, outcome, reason }) => ({ image, outcome, reason }))).toEqual([
      { image: host.a, outcome: 'evicted', reason: 'disk-low' },
      { image: host.b, outcome: 'evicted', reason: 'disk-low' },
    ]);
    expect(host.said.report?.images).toMatchObject([{ id: host.c, verdict: 'keep', reason: 'room-enough' }]);
  });

  it('stops as soon as the disk has room, whatever the plan had summed up', async () => {
    // Something else frees 100 bytes while the first image is deleted.
    let otherBytes = 550;
    const engine = createMemoryEngine({
      beforeRemove: () => {
        otherBytes = 450;
        return undefined;
      },
    });
    const host = await aHost(aPolicy(), engine, () => otherBytes);
    expect(await host.run({ kind: 'check' })).toMatchObject({ planned: 2, evicted: 1 });
  });

  it('only says what it would do in observe, once an image', async () => {
    const host = await aHost(aPolicy({ mode: 'observe' }));

    const first = await host.run({ kind: 'check' });
    await host.run({ kind: 'check' });

    expect(first).toMatchObject({ state: 'low', planned: 2, evicted: 0 });
    expect(await host.present()).toHaveLength(3);
    expect(host.said.journal.map(({ image, outcome }) => [image, outcome])).toEqual([
      [host.a, 'would-evict'],
      [host.b, 'would-evict'],
    ]);
  });

  it('only observes while another reaper holds the host’s lock', async () => {
    const host = await aHost(aPolicy(), createMemoryEngine(), () => 550, { held: false, pid: 7 });
    expect(await host.run({ kind: 'check' })).toMatchObject({ planned: 2, evicted: 0 });
    expect(await host.present()).toHaveLength(3);
  });

  it('changes nothing on a plan request, and journals nothing', async () => {
    const host = await aHost(aPolicy());
    expect(await host.run({ kind: 'plan' })).toMatchObject({ planned: 2, evicted: 0 });
    expect(await host.present()).toHaveLength(3);
    expect(host.said.journal).toEqual([]);
  });

  it('skips an image that a container got between plan and deletion, and takes the next instead', async () => {
    const engine: MemoryEngine = createMemoryEngine({
      beforeRemove: (target) => {
        if (target === ids.a) engine.addContainer({ image: ids.a });
        return undefined;
      },
    });
    const ids = { a: '' as ImageId };
    const host = await aHost(aPolicy(), engine);
    ids.a = host.a;

    const result = await host.run({ kind: 'check' });

    expect(await host.present()).toEqual([host.a]);
    expect(result).toMatchObject({ evicted: 2 });
    expect(host.said.journal.map(({ image, outcome }) => [image, outcome])).toEqual([
      [host.a, 'in-use'],
      [host.b, 'evicted'],
      [host.c, 'evicted'],
    ]);
  });

  it('keeps an image that a job leased while the plan was carried out', async () => {
    const engine: MemoryEngine = createMemoryEngine({
      beforeRemove: async () => {
        await ready.lease();
        return undefined;
      },
    });
    const ready = { lease: async (): Promise<void> => undefined };
    const host = await aHost(aPolicy(), engine);
    ready.lease = () =>
      host.store.lease(HOST, [
        {
          job: aUseOf(host.b, 9, 0).job,
          identity: host.b as unknown as Identity,
          strength: 'confirmed',
          expiresAt: (NOW + MINUTE) as Millis,
        },
      ]);

    await host.run({ kind: 'check' });
    expect(await host.present()).toEqual([host.b]);
    expect(host.said.journal.map(({ outcome }) => outcome)).toEqual(['evicted', 'in-use', 'evicted']);
  });

  it('says so when nothing more may go and the disk is still low', async () => {
    const host = await aHost(aPolicy(), createMemoryEngine(), () => 900);
    const result = await host.run({ kind: 'check' });

    expect(await host.present()).toEqual([]);
    expect(result).toMatchObject({ state: 'low', evicted: 3 });
    expect(host.said.journal.at(-1)).toMatchObject({ outcome: 'shortfall', bytes: 200 });
  });

  it('goes on with the evidence it last read while Redis is away, and evicts nothing without any', async () => {
    const host = await aHost(aPolicy());
    await host.run({ kind: 'plan' });
    host.reader.fails = true;
    expect((await host.run({ kind: 'check' })).evicted).toBe(2);

    const fresh = await aHost(aPolicy());
    fresh.reader.fails = true;
    await expect(fresh.run({ kind: 'check' })).rejects.toMatchObject({ code: 'EVIDENCE_UNAVAILABLE' });
    expect(await fresh.present()).toHaveLength(3);
  });

  it('begins clean after one that failed', async () => {
    const engine = createMemoryEngine();
    const host = await aHost(aPolicy(), engine);
    engine.stop();
    await expect(host.run({ kind: 'check' })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    engine.start();
    expect((await host.run({ kind: 'check' })).evicted).toBe(2);
  });

  it('runs one request after the other, never two at once', async () => {
    let removing = 0;
    let most = 0;
    const engine = createMemoryEngine({
      beforeRemove: async () => {
        removing += 1;
        most = Math.max(most, removing);
        await Promise.resolve();
        removing -= 1;
        return undefined;
      },
    });
    const host = await aHost(aPolicy(), engine);
    const [first, second] = await Promise.all([host.run({ kind: 'check' }), host.run({ kind: 'check' })]);
    expect([first.evicted, second.evicted, most]).toEqual([2, 0, 1]);
  });
});
