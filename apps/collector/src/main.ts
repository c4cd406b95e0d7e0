import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '@sideband/shared/clock';
import { createLog } from '@sideband/shared/log';
import closeWithGrace from 'close-with-grace';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';

/** Longer than any job takes that waits for nobody; what is cut off then is done again from the queue. */
const GRACE_MS = 10_000;

async function start(): Promise<void> {
  const config = readConfig(process.env, (path) => readFileSync(path, 'utf8'));
  const log = createLog('collector', config.logLevel);
  const collector = await compose(config, { clock: systemClock, random: randomBytes, log, showPassword });
  closeWithGrace({ delay: GRACE_MS, logger: log }, async ({ err, signal }) => {
    if (err) log.fatal({ err }, 'Collector stops because of an error');
    else log.info({ signal }, 'Collector stops');
    await collector.close();
  });
  const address = await collector.app.listen({ ...config.listen, listenTextResolver: () => 'Listening' });
  log.info({ address, hook: `${address}/hooks/gitlab`, gitlab: config.gitLab.url }, 'Collector is up');
}

/** Straight to the terminal: the log goes to places where a password has no business. */
function showPassword(password: string): void {
  process.stderr.write(
    `\nThe dashboard's password, generated just now and shown this once:\n\n    ${password}\n\n` +
      'Set SIDEBAND_PASSWORD to choose it yourself.\n\n',
  );
}

try {
  await start();
} catch (error) {
  createLog('collector').fatal({ err: error }, 'Collector cannot start');
  process.exit(1);
}
