import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemId } from '@sideband/shared/names';
import { type Child, startChild } from '../child.ts';
import type { Ledger } from '../ledger.ts';
import { isOnSearchPath, searchPath } from '../search-path.ts';
import { type RunnerTemplateOptions, runnerTemplate } from './runner-template.ts';

const PROGRAM = 'gitlab-runner';

export interface GitLabRunnerOptions extends Omit<RunnerTemplateOptions, 'buildsDirectory'> {
  /** Where its configuration and its log go; made if missing. */
  readonly directory: string;
  /** Of GitLab. */
  readonly url: string;
  /** The runner's authentication token. */
  readonly token: string;
  readonly systemId: SystemId;
  readonly ledger: Ledger;
}

/** Why the real runner cannot be had on this machine; undefined when it can. */
export function whyNoGitLabRunner(): string | undefined {
  return isOnSearchPath(PROGRAM) ? undefined : `no ${PROGRAM} on the PATH`;
}

/**
 * The unmodified program, registered and at work: `register`, then `run`. Both read the system id from the file that
 * lies beside the configuration. Throws with the end of its log when it does not register.
 */
export async function startGitLabRunner(options: GitLabRunnerOptions): Promise<Child> {
  const { directory, url, token, systemId, image, ledger } = options;
  const buildsDirectory = join(directory, 'builds');
  const config = join(directory, 'config.toml');
  const template = join(directory, 'template.toml');
  await mkdir(buildsDirectory, { recursive: true });
  await writeFile(join(directory, '.runner_system_id'), systemId, { mode: 0o600 });
  // Asks for a job every second, where every third is its default.
  await writeFile(config, 'concurrent = 1\ncheck_interval = 1\n', { mode: 0o600 });
  await writeFile(template, runnerTemplate({ ...options, buildsDirectory }));

  const start = (args: readonly string[]): Promise<Child> =>
    startChild({
      command: PROGRAM,
      args,
      // Nothing else of our own environment: most of its settings can be given there as well.
      env: { PATH: searchPath(), HOME: directory },
      directory,
      logFile: join(directory, `${PROGRAM}.log`),
      ledger,
    });
  const registration = await start([
    ...['register', '--non-interactive', '--config', config, '--template-config', template],
    ...['--url', url, '--token', token, '--name', 'e2e', '--executor', 'docker', '--docker-image', image],
  ]);
  const code = await registration.ended();
  if (code !== 0) {
    throw new Error(`${PROGRAM} did not register (${code}):\n${await registration.logTail()}`);
  }
  return start(['run', '--config', config, '--working-directory', directory]);
}
