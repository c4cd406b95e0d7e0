import { startRegistry } from '@sideband/infra/testkit/registry';
import { startSandbox, whyNoSandbox } from '@sideband/infra/testkit/sandbox';
import { skipBecause } from '@sideband/infra/testkit/skip';
import { temporaryDirectory } from '@sideband/infra/testkit/temporary-directory';
import { silentLog } from '@sideband/shared/log';
import { dockerEventsLab } from './docker-lab.suite.ts';
import { dockerdProcess } from './dockerd-process.suite.ts';
import { createDockerEngine } from './dockerode-engine.ts';
import { describeEngineEvents } from './engine-events.suite.ts';

skipBecause(whyNoSandbox()).describe('dockerd', () => {
  describeEngineEvents('tells what happens on it', async () => {
    const directory = await temporaryDirectory('engine-events');
    const registry = await startRegistry({
      images: [{ reference: 'quay.io/sideband/offered:1', layers: [1] }],
      layers: new Map([[1, 10_000]]),
    });
    const sandbox = await startSandbox({
      directory: directory.path,
      diskBytes: 100_000_000,
      proxyUrl: registry.url,
      insecureRegistries: registry.names,
    });
    const dockerd = await dockerdProcess(sandbox);
    const engine = createDockerEngine({ socket: `unix://${sandbox.socketPath}`, log: silentLog() });
    return {
      ...dockerEventsLab(sandbox, engine, dockerd),
      async close() {
        await dockerd.close();
        await sandbox.stop();
        await registry.stop();
        await directory.remove();
      },
    };
  });
});
