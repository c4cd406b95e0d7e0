import { makeImage } from '@sideband/infra/testkit/images';
import { type Sandbox, startSandbox, whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { type TemporaryDirectory, temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { until } from '@sideband/infra/testkit/until';
import { silentLog } from '@sideband/shared/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDockerEngine } from './dockerode-engine.ts';
import { startFollowing } from './following.suite.ts';

const FOR_MS = 6_000;
const AT_ONCE = 16;

/** As many and as long as gitlab-runner sets. */
const RUNNER_LABELS = Object.fromEntries(
  'managed type job.id job.url job.sha job.before_sha job.ref job.timeout project.id project.runner_id pipeline.id runner.id runner.local_id runner.system_id'
    .split(' ')
    .map((name) => [`com.gitlab.gitlab-runner.${name}`, `https://gitlab.example.com/group/project/${name}`]),
);

skipBecause(whyNoSandbox()).describe('dockerd in a hurry', () => {
  let directory: TemporaryDirectory;
  let sandbox: Sandbox;

  beforeAll(async () => {
    directory = await temporaryDirectory('lost-events');
    sandbox = await startSandbox({ directory: directory.path, diskBytes: 300_000_000 });
  });
  afterAll(async () => {
    await sandbox?.stop();
    await directory?.remove();
  });

  test('tells of every container that comes and goes, as fast as it can make them', async () => {
    const { docker, socketPath } = sandbox;
    const engine = createDockerEngine({ socket: `unix://${socketPath}`, log: silentLog() });
    const Image = await makeImage(docker, { names: ['busy:1'], layers: [{ seed: 'busy', bytes: 1_000 }] });
    const { events, stop } = await startFollowing(engine);
    const made: string[] = [];
    const began = performance.now();

    const worker = async (): Promise<void> => {
      while (performance.now() - began < FOR_MS) {
        const container = await docker.createContainer({ Image, Cmd: ['/none'], Labels: RUNNER_LABELS });
        made.push(container.id);
        await container.remove();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const seconds = (performance.now() - began) / 1_000;

    const told = (action: string): ReadonlySet<string> =>
      new Set(
        events.flatMap((event) =>
          event.kind === 'container' && event.action === action ? [event.container] : [],
        ),
      );
    const missing = (action: string): readonly string[] => {
      const seen = told(action);
      return made.filter((container) => !seen.has(container));
    };
    await until('the last of them', async () => told('destroy').size >= made.length).catch(() => undefined);
    await stop();

    // More than the engine keeps for those who ask later: each came over the stream.
    expect(made.length).toBeGreaterThan(256);
    expect(missing('create')).toEqual([]);
    expect(missing('destroy')).toEqual([]);
    const rate = Math.round((made.length * 2) / seconds);
    console.info(`${made.length} containers came and went: ${rate} events a second, none lost`);
  });
});
