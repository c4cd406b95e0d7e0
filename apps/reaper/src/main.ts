import { systemClock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import { createLog } from '@sideband/shared/log';
import closeWithGrace from 'close-with-grace';
import { readConfig } from './config.ts';
import { createStatfsDisk } from './disk/statfs-disk.ts';
import { createDockerEngine } from './engine/dockerode-engine.ts';
import { readPolicy } from './read-policy.ts';
import { startReaper } from './run.ts';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog('reaper', config.logLevel);
  const policy = await readPolicy(config.policyFile);
  const [dataRootView] = config.imageRoots ?? [];
  const engine = createDockerEngine({
    socket: config.engine,
    log,
    ...(dataRootView ? { dataRootView } : {}),
  });
  const { imageRoots } = await engine.describe();
  const disk = createStatfsDisk({ roots: config.imageRoots ?? imageRoots });
  await disk.read();
  const reaper = await startReaper({ config, policy, engine, disk, clock: systemClock, log });
  closeWithGrace({ delay: 30_000 }, async ({ err }) => {
    if (err) log.error({ err }, 'Reaper met an error nobody expected');
    await reaper.stop();
  });
}

main().catch((error: unknown) => {
  const log = createLog('reaper');
  log.fatal({ err: error }, 'Reaper could not start');
  process.exitCode = isSidebandError(error) && error.retry === 'after-change' ? 2 : 1;
});
