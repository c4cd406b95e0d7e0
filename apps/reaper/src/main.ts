import { systemClock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import { createLog } from '@sideband/shared/log';
import { serveMetrics } from '@sideband/shared/metrics-server';
import { readPackageVersion } from '@sideband/shared/package-version';
import closeWithGrace from 'close-with-grace';
import { parseCommand } from './cli/parse-command.ts';
import { USAGE } from './cli/usage.ts';
import { readConfig } from './config.ts';
import { createStatfsDisk } from './disk/statfs-disk.ts';
import { createDockerEngine } from './engine/dockerode-engine.ts';
import { createMetrics } from './metrics/metrics.ts';
import { readPolicy } from './read-policy.ts';
import { startReaper } from './run.ts';

const MANIFEST = new URL('../package.json', import.meta.url);

async function main(args: readonly string[]): Promise<void> {
  const command = parseCommand(args);
  if (!command.ok) {
    process.stderr.write(`sideband-reaper: ${command.error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  switch (command.value.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'version':
      process.stdout.write(`sideband-reaper ${await readPackageVersion(MANIFEST)}\n`);
      return;
    case 'run':
      await run(command.value.standalone);
  }
}

async function run(standalone: boolean): Promise<void> {
  const config = readConfig(process.env, { standalone });
  const log = createLog('reaper', config.logLevel);
  const policy = await readPolicy(config.policyFile);
  const [dataRootView] = config.imageRoots ?? [];
  const metrics = createMetrics(systemClock);
  const engine = createDockerEngine({
    socket: config.engine,
    log,
    onCall: metrics.engineCalled,
    ...(dataRootView ? { dataRootView } : {}),
  });
  const { imageRoots } = await engine.describe();
  const disk = createStatfsDisk({ roots: config.imageRoots ?? imageRoots });
  await disk.read();
  const server = config.metrics && (await serveMetrics(config.metrics, metrics, log));
  const reaper = await startReaper({ config, policy, engine, disk, metrics, clock: systemClock, log });
  closeWithGrace({ delay: 30_000 }, async ({ err }) => {
    if (err) log.error({ err }, 'Reaper met an error nobody expected');
    await reaper.stop();
    await server?.close();
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const log = createLog('reaper');
  log.fatal({ err: error }, 'Reaper could not start');
  process.exitCode = isSidebandError(error) && error.retry === 'after-change' ? 2 : 1;
});
