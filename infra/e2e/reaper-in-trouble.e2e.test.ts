import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Millis } from '@sideband/shared/clock';
import type { Identity, Use } from '@sideband/shared/evidence/model';
import { type ProjectId, parseInstanceName } from '@sideband/shared/names';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { emptyEngine } from '../testkit/empty-engine.ts';
import { fillTo } from '../testkit/filler.ts';
import { makeImage } from '../testkit/images.ts';
import { type Registry, startRegistry } from '../testkit/registry.ts';
import { dockerEngine } from '../testkit/runner/docker-engine.ts';
import { type Sandbox, startSandbox, whyNoSandbox } from '../testkit/sandbox.ts';
import { skipBecause } from '../testkit/skip.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, exitOf, type Fleet, INSTANCE, startFleet } from './fleet.ts';
import { endedHook, postHook, runJob, untilUsedBy } from './jobs.ts';
import { evidenceOf } from './lone-reaper.ts';

const MB = 1_000_000;
const GRACE = 'grace: { afterPull: 0s, afterUse: 0s }';
const [A, B, C] = ['a', 'b', 'c'].map((name) => `registry.example.com/team/${name}:1`) as [
  string,
  string,
  string,
];

skipBecause(whyNoSandbox()).describe('a reaper', () => {
  let fleet: Fleet;
  let registry: Registry;
  let sandbox: Sandbox;

  beforeAll(async () => {
    fleet = await startFleet();
    registry = await startRegistry({
      images: [A, B, C].map((reference, layer) => ({ reference, layers: [layer] })),
      layers: new Map([0, 1, 2].map((layer) => [layer, 20 * MB])),
    });
    sandbox = await startSandbox({
      directory: `${fleet.directory}/engine`,
      diskBytes: 300 * MB,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
  });
  afterEach(async () => {
    await emptyEngine(sandbox.docker);
  });
  afterAll(async () => {
    await sandbox?.stop();
    await registry?.stop();
    await fleet?.stop();
  });

  const tags = async (): Promise<readonly string[]> =>
    (await sandbox.docker.listImages()).flatMap((image) => image.RepoTags ?? []).sort();

  test('killed in the middle of a reap and started again, it ends what it began and loses no name', async () => {
    const host = aHost('runner-killed');
    const policy = `mode: enforce\ndisk: { start: 20MB }\nbudget: { start: 30MB, stop: 15MB }\n${GRACE}\n`;
    const names = Array.from({ length: 60 }, (_, index) => [
      `registry.example.com/one/app:${index}`,
      // Every other one in two repositories: those lose their names one by one.
      ...(index % 2 === 0 ? [] : [`registry.example.com/two/app:${index}`]),
    ]);
    const ids: string[] = [];
    for (const [index, own] of names.entries())
      ids.push(await makeImage(sandbox.docker, { names: own, layers: [{ seed: `${index}`, bytes: MB }] }));
    await remember(host, ids);
    // The two that were used longest ago, one of either kind, and both belong to a container.
    for (const id of ids.slice(0, 2)) await sandbox.docker.createContainer({ Image: id, Cmd: ['/never'] });
    const state = join(fleet.directory, host);

    const first = await fleet.spawnReaper({ host, sandbox, policy });
    const evicted = async (): Promise<number> =>
      (await readFile(join(state, 'journal.jsonl'), 'utf8')).split('\n').filter((line) => line !== '').length;
    await until('the reap to be under way', async () => (await evicted()) >= 5, {
      timeoutMs: 60_000,
      everyMs: 2,
    });
    await first.kill();
    const atKill = (await sandbox.docker.listImages()).length;
    const uuid = await readFile(join(state, 'host-uuid'), 'utf8');
    expect(atKill).toBeGreaterThan(20);

    const second = await fleet.startReaper({ host, sandbox, policy });
    await until('the budget to be kept', async () => (await sandbox.docker.listImages()).length <= 15, {
      timeoutMs: 30_000,
    });
    await until(
      'the report of it',
      async () => ((await fleet.records.report(host))?.imageBytes ?? 99 * MB) < 16 * MB,
      {
        timeoutMs: 30_000,
      },
    );

    // 60 images of 1 MB: the 13 used last and the two with a container, all with all their names.
    const kept = [...names.slice(0, 2), ...names.slice(-13)].flat();
    expect(await tags()).toEqual(kept.sort());
    expect(await readFile(join(state, 'host-uuid'), 'utf8')).toBe(uuid);
    const registration = (await fleet.records.registrations()).find((one) => one.host === host);
    expect(registration?.uuid).toBe(uuid.trim());
    await second.stop(30_000);
  });

  /** As if a job had pulled and used each, the first one longest ago. */
  async function remember(host: ReturnType<typeof aHost>, ids: readonly string[]): Promise<void> {
    const instance = parseInstanceName(INSTANCE);
    if (!instance.ok) throw new Error(instance.error.message);
    const now = Date.now();
    const uses = ids.map((id, index): Use => {
      const at = (now + index) as Millis;
      const job = { instance: instance.value, project: 1 as never, job: (index + 1) as never };
      return {
        job,
        jobName: 'build',
        role: 'build',
        identities: [id as Identity],
        at,
        receivedAt: at,
        source: 'trace',
      };
    });
    await fleet.evidence.recordUses(host, uses);
    await fleet.evidence.noteRepullable(host, ids as Identity[], now as Millis);
  }

  test('while Redis is away hooks are refused at once, and a reaper goes on from its snapshot and its own watch', async () => {
    const host = aHost('runner-away');
    const systemId = aSystemId('f');
    const policy = `mode: enforce\ndisk: { start: 60MB, stop: 65MB, emergency: 5MB }\n${GRACE}\n`;
    const first = await fleet.startReaper({ host, sandbox, systemIds: [systemId], policy });
    await until('the host to be known', async () => (await fleet.records.report(host)) !== undefined);
    const collector = await fleet.startCollector();
    const project: ProjectId = fleet.gitlab.createProject({ path: 'team/app' });
    const engine = dockerEngine(sandbox.docker);
    const run = (image: string) => runJob(fleet.gitlab, { project, systemId, engine, image });
    const before = [await run(A), await run(B), await run(C)];
    await untilUsedBy(fleet, host, before);
    await fleet.settled();
    expect(await fleet.check(host)).toMatchObject({ kind: 'done', result: { evicted: 0 } });

    await fleet.killRedis();
    await first.kill();
    const second = await fleet.startReaper({ host, sandbox, systemIds: [systemId], policy });
    // What was used first is used again, and the hook that says so finds no queue.
    const meanwhile = await run(A);
    await fleet.gitlab.settled();
    const refused = await postHook(fleet, project, endedHook(project, meanwhile));
    expect(refused.status).toBe(503);
    expect(refused.tookMs).toBeLessThan(2_000);
    expect(fleet.gitlab.hookCounts().answered[503]).toBeGreaterThanOrEqual(2);
    await until('watch to have seen the job', async () =>
      new RegExp(` 3 ${meanwhile} build `).test(await evidenceOf(join(fleet.directory, host))),
    );

    const full = await fillTo(sandbox.dataRoot, 50 * MB);
    await until('an eviction', async () => (await tags()).length < 3);
    expect(await tags()).toEqual([A, C]);
    await full.remove();
    for (const program of [collector, second]) expect(program.hasExited()).toBe(false);

    await fleet.restoreRedis();
    await untilUsedBy(fleet, host, [...before, meanwhile]);
    await until('its entry', async () =>
      (await fleet.records.journal(host, 5)).some((one) => one.names.includes(B)),
    );
    const delivered = (await fleet.evidence.recordedUses(host, 100)).filter(
      (use) => use.job.job === meanwhile,
    );
    expect(delivered.map((use) => use.source)).toContain('watch');
    expect(await fleet.check(host)).toMatchObject({ kind: 'done', result: { evicted: 0 } });

    // Without Redis all of them still end in order.
    await fleet.killRedis();
    for (const program of [second, collector]) {
      process.kill(program.pid, 'SIGTERM');
      expect(await exitOf(program), await program.logTail()).toBe(0);
    }
    await fleet.restoreRedis();
  });

  test('a host that is given another name brings what it knows of its images to its new place', async () => {
    const [old, renamed] = [aHost('runner-old'), aHost('runner-renamed')];
    const systemId = aSystemId('r');
    const engine = dockerEngine(sandbox.docker);
    const project: ProjectId = fleet.gitlab.createProject({ path: 'team/renamed' });
    const collector = await fleet.startCollector();
    const before = await fleet.startReaper({ host: old, sandbox, systemIds: [systemId] });
    await until('the host to be known', async () => (await fleet.records.report(old)) !== undefined);
    const job = await runJob(fleet.gitlab, { project, systemId, engine, image: A });
    await untilUsedBy(fleet, old, [job]);
    expect(await fleet.check(old)).toMatchObject({ kind: 'done' });
    await before.stop(30_000);
    const known = await fleet.evidence.lastUses(old);

    const after = await fleet.startReaper({ host: renamed, sandbox, systemIds: [systemId], state: old });
    expect(await fleet.check(renamed)).toMatchObject({ kind: 'done' });
    expect(await after.log()).toContain('"renamedFrom":"runner-old"');
    const brought = await fleet.evidence.lastUses(renamed);
    expect(brought.get(A as Identity)?.at).toBeGreaterThanOrEqual(known.get(A as Identity)?.at ?? Infinity);
    expect(await fleet.evidence.repullable(renamed)).toEqual(await fleet.evidence.repullable(old));
    await after.stop(30_000);
    await collector.stop(15_000);
  });
});
