import type { Millis } from '@sideband/shared/clock';
import type { Identity } from '@sideband/shared/evidence/model';
import {
  formatJobKey,
  type JobId,
  type JobKey,
  type ProjectId,
  parseInstanceName,
} from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillTo } from '../testkit/filler.ts';
import { type Registry, startRegistry } from '../testkit/registry.ts';
import { dockerEngine } from '../testkit/runner/docker-engine.ts';
import { type Sandbox, startSandbox, whyNoSandbox } from '../testkit/sandbox.ts';
import { skipBecause } from '../testkit/skip.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, exitOf, type Fleet, INSTANCE, type Program, startFleet } from './fleet.ts';
import { jobsOf, paperEngine, runJob, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const MB = 1_000_000;
const RUBY = 'docker.io/library/ruby:3.3';
const POSTGRES = 'docker.io/library/postgres:16';
const TOOL = 'registry.example.com/team/tool:1';
const HELPER = 'registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:v19.3.0';
const CATALOGUE = {
  images: [
    { reference: 'ruby:3.3', layers: [1, 2] },
    { reference: 'postgres:16', layers: [3] },
    { reference: TOOL, layers: [4] },
    { reference: HELPER, layers: [5] },
  ],
  layers: new Map([1, 2, 3, 4, 5].map((layer) => [layer, 10 * MB])),
};
const POLICY = `
mode: enforce
disk: { start: 60MB, stop: 65MB, emergency: 5MB }
budget: { start: 200MB, stop: 190MB }
grace: { afterPull: 0s, afterUse: 0s }
`;
const host = aHost('runner-1');
const systemId = aSystemId('d');

skipBecause(whyNoSandbox()).describe('a host with its reaper', () => {
  let fleet: Fleet;
  let registry: Registry;
  let sandbox: Sandbox;
  let reaper: Program;
  let collector: Program;
  let project: ProjectId;

  beforeAll(async () => {
    fleet = await startFleet();
    registry = await startRegistry(CATALOGUE);
    sandbox = await startSandbox({
      directory: `${fleet.directory}/engine`,
      diskBytes: 300 * MB,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
    reaper = await fleet.startReaper({ host, sandbox, policy: POLICY, systemIds: [systemId] });
    await until('the host to be known', async () => (await fleet.records.registrations()).length === 1);
    collector = await fleet.startCollector();
    project = fleet.gitlab.createProject({ path: 'team/app' });
  });
  afterAll(async () => {
    await reaper?.stop(15_000);
    await sandbox?.stop();
    await registry?.stop();
    await fleet?.stop();
  });

  const keyOf = (job: JobId): JobKey => {
    const instance = parseInstanceName(INSTANCE);
    if (!instance.ok) throw new Error(instance.error.message);
    return { instance: instance.value, project, job };
  };

  test('the use of a job’s images goes from GitLab’s hook to the page, and decides what a full disk loses', async () => {
    const engine = dockerEngine(sandbox.docker);
    const older = await runJob(fleet.gitlab, {
      ...{ project, systemId, engine, image: 'ruby:3.3', services: ['postgres:16'], helper: HELPER },
    });
    await untilUsedBy(fleet, host, [older]);
    const newer = await runJob(fleet.gitlab, { project, systemId, engine, image: TOOL, helper: HELPER });
    await untilUsedBy(fleet, host, [newer]);
    await fleet.settled();

    const uses = await fleet.evidence.lastUses(host);
    const found = [RUBY, POSTGRES, TOOL].map((name) => uses.get(name as Identity));
    expect(found).toMatchObject([
      { source: 'trace', role: 'build', job: keyOf(older), jobName: 'build' },
      { source: 'trace', role: 'service', job: keyOf(older) },
      { source: 'trace', role: 'build', job: keyOf(newer) },
    ]);
    expect(await fleet.evidence.leases(host, Date.now() as Millis)).toEqual([]);

    expect(await fleet.check(host)).toMatchObject({ kind: 'done', result: { evicted: 0 } });
    const report = await fleet.records.report(host);
    const lines = new Map(report?.images.map((image) => [image.names[0], image]));
    expect(report).toMatchObject({ mode: 'enforce', state: 'healthy' });
    expect(lines.get(RUBY)).toMatchObject({
      ...{ bytes: 20 * MB, verdict: 'keep', reason: 'room-enough' },
      ...{ lastUseSource: 'trace', lastUseJob: formatJobKey(keyOf(older)), lastUseAt: found[0]?.at },
    });
    expect(lines.get(TOOL)?.lastUseJob).toBe(formatJobKey(keyOf(newer)));
    expect(lines.get(HELPER)?.reason).toBe('helper-image');

    const filler = await fillTo(sandbox.dataRoot, 50 * MB);
    const [entry] = await until('an eviction', async () => {
      const journal = await fleet.records.journal(host, 10);
      return journal.length > 0 && journal;
    });
    await filler.remove();
    expect(entry).toMatchObject({ outcome: 'evicted', reason: 'disk-low', lastUseAt: found[0]?.at });
    expect([RUBY, POSTGRES]).toContain(entry?.names[0]);
    const left = (await sandbox.docker.listImages()).flatMap((image) => image.RepoTags ?? []);
    expect(left).toEqual(expect.arrayContaining([TOOL, HELPER]));

    await seesItBehindTheLogin(entry, formatJobKey(keyOf(newer)));
  });

  async function seesItBehindTheLogin(entry: unknown, lastUseJob: string): Promise<void> {
    const get = (path: string, cookie = ''): Promise<Response> =>
      fetch(`${fleet.url}${path}`, { headers: { cookie, accept: 'text/html' }, redirect: 'manual' });
    for (const path of ['/api/hosts', `/api/hosts/${host}`, `/api/hosts/${host}/journal`]) {
      expect((await get(path)).status).toBe(401);
    }
    expect((await get('/')).headers.get('location')).toBe('/login');
    const login = await fetch(`${fleet.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ password: fleet.password }),
      redirect: 'manual',
    });
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(await (await get('/', cookie)).text()).toContain('<html');
    expect(await (await get('/api/hosts', cookie)).json()).toMatchObject({
      hosts: [{ host, mode: 'enforce' }],
    });
    const tool = { names: [TOOL], verdict: 'keep', lastUseSource: 'trace', lastUseJob };
    expect(await (await get(`/api/hosts/${host}`, cookie)).json()).toMatchObject({
      report: { host, images: expect.arrayContaining([expect.objectContaining(tool)]) },
    });
    expect(await (await get(`/api/hosts/${host}/journal`, cookie)).json()).toMatchObject({
      entries: expect.arrayContaining([entry]),
    });
  }

  test('uses of a host that nobody knew are kept for it, and go to every host that shares its system id', async () => {
    const shared = aSystemId('e');
    const engine = paperEngine([TOOL]);
    const job = await runJob(fleet.gitlab, { project, systemId: shared, engine, image: TOOL });
    await fleet.settled();
    const [late, twin] = [aHost('runner-late'), aHost('runner-twin')];
    expect(await jobsOf(fleet, host)).not.toContain(job);

    await registerPaperHost(fleet, late, shared);
    await untilUsedBy(fleet, late, [job]);

    await registerPaperHost(fleet, twin, shared);
    // The collector knows its hosts for 5 s; which of these jobs is the first to come after that is no matter.
    const both = await until('a job’s use to go to both', async () => {
      const next = await runJob(fleet.gitlab, { project, systemId: shared, engine, image: TOOL });
      await untilUsedBy(fleet, late, [next]);
      return (await jobsOf(fleet, twin)).has(next) && next;
    });
    expect(await jobsOf(fleet, host)).not.toContain(both);
  });

  test('a job whose containers were seen on one of two hosts that share a manager counts there alone', async () => {
    const clone = aHost('runner-clone');
    await registerPaperHost(fleet, clone, systemId);
    const engine = dockerEngine(sandbox.docker);
    // The collector knows its hosts for 5 s: from then on a job that nobody saw goes to both.
    const paper = paperEngine([TOOL]);
    await until('the clone to be known', async () => {
      const unseen = await runJob(fleet.gitlab, { project, systemId, engine: paper, image: TOOL });
      await untilUsedBy(fleet, host, [unseen]);
      return (await jobsOf(fleet, clone)).has(unseen);
    });

    const seen = await runJob(fleet.gitlab, {
      ...{ project, systemId, engine, image: TOOL, helper: HELPER },
      inPreparationGap: async (job) => {
        const claim = { gitlab: new URL(fleet.gitlab.url).host, project, job };
        await until(
          'the job to be claimed',
          async () => (await fleet.records.claimants(claim, [host])).length === 1,
        );
      },
    });
    await untilUsedBy(fleet, host, [seen]);
    await fleet.settled();
    expect(await jobsOf(fleet, clone)).not.toContain(seen);
  });

  test('a second reaper with the same state directory only observes, and works on when the first is killed', async () => {
    const second = await fleet.spawnReaper({ host, sandbox, policy: POLICY, systemIds: [systemId] });
    await until(
      'the second to say so',
      async () => (await second.log()).includes('Another reaper works here; this one only observes'),
      { timeoutMs: 60_000 },
    );
    expect(await second.log()).toContain(`process ${reaper.pid}`);
    expect(await fleet.check(host)).toMatchObject({ kind: 'done' });

    await reaper.kill();
    await until('the second to work', async () => (await second.log()).includes('"Reaper runs"'), {
      timeoutMs: 30_000,
    });
    expect(await fleet.check(host)).toMatchObject({ kind: 'done' });
    reaper = second;
  });

  test('SIGTERM ends both programs with code 0, with nothing left in hand', async () => {
    for (let count = 0; count < 5; count += 1) await fleet.order(host);
    process.kill(reaper.pid, 'SIGTERM');
    process.kill(collector.pid, 'SIGTERM');

    expect(await exitOf(reaper), await reaper.logTail()).toBe(0);
    expect(await exitOf(collector), await collector.logTail()).toBe(0);
    expect(await fleet.inHand(host)).toBe(0);
  });
});
