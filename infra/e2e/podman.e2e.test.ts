import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../testkit/ledger.ts';
import { type Podman, startPodman, whyNoPodman } from '../testkit/podman.ts';
import { type Registry, startRegistry } from '../testkit/registry.ts';
import { dockerEngine } from '../testkit/runner/docker-engine.ts';
import { skipBecause } from '../testkit/skip.ts';
import { openLedger } from '../testkit/sweep.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../testkit/temporary-directory.ts';
import { until } from '../testkit/until.ts';
import { evidenceOf, journalOf, startLoneReaper } from './lone-reaper.ts';

const MB = 1_000_000;
const NAMES = ['a', 'b', 'c', 'd'].map((name) => `registry.example.com/team/${name}:1`);
const [A, B, C, D] = NAMES as [string, string, string, string];
const POLICY = `
mode: enforce
disk: { start: 1MB, stop: 2MB, emergency: 1kB }
budget: { start: 70MB, stop: 50MB }
grace: { afterPull: 0s, afterUse: 0s }
`;

skipBecause(whyNoPodman()).describe('a reaper beside Podman', () => {
  let directory: TemporaryDirectory;
  let ledger: Ledger;
  let registry: Registry;
  let podman: Podman;

  beforeAll(async () => {
    directory = await temporaryDirectory('podman-e2e');
    ledger = await openLedger(directory.path);
    registry = await startRegistry({
      images: NAMES.map((reference, layer) => ({ reference, layers: [layer] })),
      layers: new Map(NAMES.map((_, layer) => [layer, 20 * MB])),
    });
    podman = await startPodman({
      directory: join(directory.path, 'podman'),
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
  });
  afterAll(async () => {
    await podman?.stop();
    await registry?.stop();
    await directory?.remove();
  });

  test('evicts what was used longest ago, by what it saw of Podman’s events', async () => {
    const stateDirectory = join(directory.path, 'state');
    const reaper = await startLoneReaper({
      directory: directory.path,
      ...{ stateDirectory, sandbox: podman, policy: POLICY, ledger },
    });
    const engine = dockerEngine(podman.docker);
    for (const name of [A, B, C]) await engine.pull(name);
    for (const [index, name] of [C, A, B].entries()) {
      const image = await engine.find(name);
      const labels = {
        'com.gitlab.gitlab-runner.job.id': `${index + 1}`,
        'com.gitlab.gitlab-runner.job.url': `https://gitlab.example.com/team/app/-/jobs/${index + 1}`,
        'com.gitlab.gitlab-runner.project.id': '7',
        'com.gitlab.gitlab-runner.type': 'build',
      };
      const container = await engine.create({ imageId: image?.id ?? '', name: `job-${index}`, labels });
      await engine.remove(container);
    }
    await until('watch to have seen the last job', async () =>
      / 3 3 build /.test(await evidenceOf(stateDirectory)),
    );

    // The one that is too many.
    await engine.pull(D);
    const entries = await until(
      'the budget to be kept',
      async () => {
        const evicted = (await journalOf(stateDirectory)).filter(({ outcome }) => outcome === 'evicted');
        return evicted.length >= 2 && evicted;
      },
      { timeoutMs: 30_000 },
    );
    expect(entries).toMatchObject([
      { reason: 'over-budget', names: [C] },
      { reason: 'over-budget', names: [A] },
    ]);
    expect(await engine.find(B)).toBeDefined();
    expect(await engine.find(D)).toBeDefined();
    await reaper.stop(20_000);
  });
});
