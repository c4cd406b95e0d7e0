import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import { createLog } from '@sideband/shared/log';
import { readPackageVersion } from '@sideband/shared/package-version';
import closeWithGrace from 'close-with-grace';
import { createProgram } from './cli/create-program.ts';
import { explainError } from './cli/explain-error.ts';
import { type Command, parseCommand } from './cli/parse-command.ts';
import { readRegistrations } from './cli/read-registrations.ts';
import { runDoctor } from './cli/run-doctor.ts';
import { runHooks } from './cli/run-hooks.ts';
import { runTrace } from './cli/run-trace.ts';
import { USAGE } from './cli/usage.ts';
import { compose } from './compose.ts';
import { readConfig } from './config.ts';

/** Longer than any job takes that waits for nobody; what is cut off then is done again from the queue. */
const GRACE_MS = 10_000;
const MANIFEST = new URL('../package.json', import.meta.url);

async function main(args: readonly string[]): Promise<void> {
  const command = parseCommand(args);
  if (!command.ok) {
    process.stderr.write(`sideband-collector: ${command.error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  try {
    process.exitCode = await run(command.value);
  } catch (error) {
    // The collector logs; a command speaks to a person.
    if (command.value.kind === 'serve') throw error;
    process.stderr.write(`sideband-collector: ${explainError(error)}\n`);
    process.exitCode = isSidebandError(error, 'CONFIG_INVALID') ? 2 : 1;
  }
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'serve':
      await serve();
      return 0;
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'version':
      process.stdout.write(`sideband-collector ${await readPackageVersion(MANIFEST)}\n`);
      return 0;
    case 'trace':
      return await runTrace(createProgram(process.env), command.source, command);
    case 'hooks':
      return await runHooks(createProgram(process.env), command);
    case 'doctor':
      return await runDoctor(createProgram(process.env), command, readRegistrations);
  }
}

async function serve(): Promise<void> {
  const config = readConfig(process.env, (path) => readFileSync(path, 'utf8'), {
    onRefused(setting, problem) {
      if (problem === undefined) log.info({ setting }, 'Secret’s file is good again');
      else log.warn({ setting, problem }, 'Secret’s file cannot be used; the old secret stays');
    },
  });
  const log = createLog('collector', config.logLevel);
  const collector = await compose(config, { clock: systemClock, random: randomBytes, log, showPassword });
  closeWithGrace({ delay: GRACE_MS, logger: log }, async ({ err, signal }) => {
    if (err) log.fatal({ err }, 'Collector stops because of an error');
    else log.info({ signal }, 'Collector stops');
    await collector.close();
  });
  const address = await collector.app.listen({ ...config.listen, listenTextResolver: () => 'Listening' });
  const gitlabs = config.gitLabs.map(({ instance, url }) => ({ instance, url }));
  log.info({ address, hooks: `${address}/hooks/`, gitlabs }, 'Collector is up');
}

/** Straight to the terminal: the log goes to places where a password has no business. */
function showPassword(password: string): void {
  process.stderr.write(
    `\nThe dashboard's password, generated just now and shown this once:\n\n    ${password}\n\n` +
      'Set SIDEBAND_PASSWORD to choose it yourself.\n\n',
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  createLog('collector').fatal({ err: error }, 'Collector cannot start');
  process.exit(1);
});
