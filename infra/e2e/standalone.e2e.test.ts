import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { emptyEngine } from '../testkit/empty-engine.ts';
import { fillTo } from '../testkit/filler.ts';
import type { Ledger } from '../testkit/ledger.ts';
import { pull } from '../testkit/pull.ts';
import { type Registry, startRegistry } from '../testkit/registry.ts';
import { type Sandbox, startSandbox, whyNoSandbox } from '../testkit/sandbox.ts';
import { skipBecause } from '../testkit/skip.ts';
import { openLedger } from '../testkit/sweep.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../testkit/temporary-directory.ts';
import { until } from '../testkit/until.ts';
import { exitOf, type Program } from './fleet.ts';
import { evidenceOf, journalOf, startLoneReaper } from './lone-reaper.ts';

const MB = 1_000_000;
const NAMES = ['a', 'b', 'c', 'd'].map((name) => `registry.example.com/team/${name}:1`);
const [A, B, C, D] = NAMES as [string, string, string, string];
const POLICY = `
mode: enforce
disk: { start: 60MB, stop: 65MB, emergency: 5MB }
grace: { afterPull: 0s, afterUse: 0s }
`;

/** What gitlab-runner answers at its `listen_address`. */
async function startRunnerList(): Promise<{
  readonly url: string;
  readonly jobs: string[];
  stop(): Promise<void>;
}> {
  const jobs: string[] = [];
  const server = createServer((_, response) => {
    response.setHeader('X-List-Version', '2');
    const line = (url: string): string =>
      `url=${url} state=running stage=prepare_executor executor_stage=docker_pulling_image duration=3s\n`;
    response.end(jobs.map(line).join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    jobs,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

skipBecause(whyNoSandbox()).describe('a reaper with neither Redis nor GitLab', () => {
  let directory: TemporaryDirectory;
  let ledger: Ledger;
  let registry: Registry;
  let sandbox: Sandbox;
  let reaper: Program | undefined;
  let tests = 0;

  beforeAll(async () => {
    directory = await temporaryDirectory('standalone');
    ledger = await openLedger(directory.path);
    registry = await startRegistry({
      images: NAMES.map((reference, layer) => ({ reference, layers: [layer] })),
      layers: new Map(NAMES.map((_, layer) => [layer, 20 * MB])),
    });
    sandbox = await startSandbox({
      directory: `${directory.path}/engine`,
      diskBytes: 300 * MB,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
  });
  afterEach(async () => {
    await reaper?.stop(20_000);
    reaper = undefined;
    await emptyEngine(sandbox.docker);
  });
  afterAll(async () => {
    await sandbox?.stop();
    await registry?.stop();
    await directory?.remove();
  });

  async function start(
    stateDirectory: string,
    settings: Record<string, string> = {},
    policy = POLICY,
  ): Promise<Program> {
    const own = join(directory.path, `test-${tests}`);
    await mkdir(own, { recursive: true });
    reaper = await startLoneReaper({
      directory: own,
      ...{ stateDirectory, sandbox, policy, settings, ledger },
    });
    return reaper;
  }

  /** A place of its own for each test. */
  function stateOfTest(): string {
    tests += 1;
    return join(directory.path, `state-${tests}`);
  }

  /** Until this much is left on the engine's disk; the room comes back with the test's end at the latest. */
  async function fill(freeBytes: number, directory = '.') {
    const filler = await fillTo(join(sandbox.dataRoot, directory), freeBytes);
    onTestFinished(() => filler.remove());
    return filler;
  }

  /** A container of a job, as the runner labels it. */
  const create = (image: string, job: number, project: number, type: string) =>
    sandbox.docker.createContainer({
      Image: image,
      Cmd: ['/never'],
      Labels: {
        'com.gitlab.gitlab-runner.job.id': String(job),
        'com.gitlab.gitlab-runner.job.url': `https://gitlab.example.com/team/app-${project}/-/jobs/${job}`,
        'com.gitlab.gitlab-runner.project.id': String(project),
        'com.gitlab.gitlab-runner.type': type,
      },
    });

  /** A job's build container comes and goes. */
  async function use(image: string, job: number, project = 7): Promise<void> {
    const container = await create(image, job, project, 'build');
    await container.remove({ force: true });
  }

  const tags = async (): Promise<readonly string[]> =>
    (await sandbox.docker.listImages())
      .flatMap((image) => image.RepoTags ?? [])
      // Of one that is just being removed.
      .filter((tag) => tag !== '<none>:<none>')
      .sort();
  const gone = (count: number) =>
    until(`${count} images to be gone`, async () => (await tags()).length <= NAMES.length - count, {
      timeoutMs: 30_000,
    });

  test('evicts what was used longest ago, whatever was pulled first, and says by which job it was used', async () => {
    const state = stateOfTest();
    await start(state);
    for (const name of NAMES) await pull(sandbox.docker, name);
    for (const [index, name] of [B, D, A, C].entries()) await use(name, index + 1);

    const filler = await fill(30 * MB);
    await gone(2);
    await filler.remove();

    expect(await tags()).toEqual([A, C]);
    const entries = await until('the journal', async () => {
      const journal = await journalOf(state);
      return journal.length >= 2 && journal;
    });
    expect(entries).toMatchObject([
      { outcome: 'evicted', reason: 'disk-low', names: [B] },
      { outcome: 'evicted', reason: 'disk-low', names: [D] },
    ]);
    expect(entries[0]?.explanation).toMatch(/by job 1 of project 7, as watch saw/);
  });

  test('holds what a project used before while a job of it is prepared and nothing says which image it needs', async () => {
    const runner = await startRunnerList();
    onTestFinished(() => runner.stop());
    await start(stateOfTest(), { SIDEBAND_RUNNER_LIST: runner.url });
    for (const name of NAMES) await pull(sandbox.docker, name);
    await use(A, 1, 7);
    for (const [index, name] of [B, C].entries()) await use(name, index + 2, 8);

    const helper = await create(D, 9, 7, 'predefined');
    await fill(50 * MB);
    await gone(1);
    expect(await tags()).toEqual([A, C, D]);

    // The next job has no container yet, but the runner says that it has taken it.
    runner.jobs.push('https://gitlab.example.com/team/app-7/-/jobs/10');
    await helper.remove({ force: true });
    await fill(50 * MB, 'containers');
    await gone(2);
    expect(await tags()).toEqual([A, D]);

    runner.jobs.pop();
    await fill(50 * MB, 'volumes');
    await gone(3);
    expect(await tags()).toEqual([D]);
  });

  test('remembers it through kill -9, and what happened while it was dead', async () => {
    const state = stateOfTest();
    const first = await start(state);
    for (const name of NAMES) await pull(sandbox.docker, name);
    for (const [index, name] of [D, C, B, A].entries()) await use(name, index + 1);
    await until('the uses to be on the disk', async () => / 3 4 build /.test(await evidenceOf(state)));
    await first.kill();
    // The engine still has these events when the reaper asks for what it missed.
    await use(D, 5);

    await start(state);
    const filler = await fill(30 * MB);
    await gone(2);
    await filler.remove();

    expect(await tags()).toEqual([A, D]);
  });

  test('makes room though its state directory is on the very disk that has none left', async () => {
    const state = join(sandbox.dataRoot, 'sideband-state');
    tests += 1;
    // Three images of 20 MB are enough.
    const program = await start(
      state,
      {},
      POLICY.replace('start: 60MB, stop: 65MB', 'start: 55MB, stop: 58MB'),
    );
    for (const name of NAMES) await pull(sandbox.docker, name);
    for (const [index, name] of NAMES.entries()) await use(name, index + 1);

    const filler = await fill(0);
    const evicted = await until(
      'three evictions in the journal',
      async () => {
        const entries = (await journalOf(state)).filter(({ outcome }) => outcome === 'evicted');
        return entries.length >= 3 && entries;
      },
      { timeoutMs: 30_000 },
    );
    expect(evicted.map(({ names }) => names)).toEqual([[A], [B], [C]]);
    expect(await tags()).toEqual([D]);
    expect(program.hasExited()).toBe(false);
    await filler.remove();

    process.kill(program.pid, 'SIGTERM');
    expect(await exitOf(program), await program.logTail()).toBe(0);
  });

  test('a second one with a state directory of its own only observes, and takes over when the first is gone', async () => {
    const state = stateOfTest();
    const first = await start(state, {}, POLICY.replace('enforce', 'observe'));
    const own = join(directory.path, `second-${tests}`);
    const second = await startLoneReaper({
      directory: own,
      stateDirectory: join(own, 'state'),
      settings: { SIDEBAND_HOST: 'second' },
      ready: 'Another reaper works here; this one only observes',
      ...{ sandbox, policy: POLICY, ledger },
    });
    onTestFinished(() => second.stop(20_000));
    expect(await second.log()).toContain(`process ${first.pid}`);
    for (const name of NAMES) await pull(sandbox.docker, name);

    // The first one may not delete, and the second one, which may, must not.
    const filler = await fill(30 * MB);
    await until('the first to say what would go', async () =>
      (await journalOf(state)).some(({ outcome }) => outcome === 'would-evict'),
    );
    const said = async () => (await second.log()).split('this one only observes').length;
    const before = await said();
    await until('the second to have looked at the full disk', async () => (await said()) > before);
    expect(await tags()).toEqual(NAMES);
    expect(await journalOf(join(own, 'state'))).toEqual([]);
    await filler.remove();

    await first.kill();
    await until('the second to take over', async () => (await second.log()).includes('"Reaper runs"'), {
      timeoutMs: 30_000,
    });
  });
});
