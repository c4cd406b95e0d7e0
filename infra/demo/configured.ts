import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SidebandError } from '@sideband/shared/errors';
import { startRedis } from '../testkit/redis.ts';
import { openLedger } from '../testkit/sweep.ts';
import { createNarrator } from './narrator.ts';
import { programCommand } from './programs.ts';

/**
 * The product itself, against the GitLab that the settings name: the collector, and a reaper where an engine
 * is named too. Their logs go to the terminal. Resolves with the exit code when one of them ends.
 */
export async function runConfigured(
  root: string,
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  if (args.length > 0) {
    throw new SidebandError('CONFIG_INVALID', {
      problems: [`${args.join(' ')}: options belong to the demonstration, and a GitLab is configured`],
    });
  }
  const narrator = createNarrator(process.stdout);
  narrator.line(
    'Sideband, for the GitLab that SIDEBAND_GITLAB_URL or SIDEBAND_GITLABS names. Unset it for the demonstration.',
  );
  const directory = join(root, '.sideband', 'run');
  const ledger = await openLedger(directory);
  const named = env['SIDEBAND_REDIS'];
  const server =
    named === undefined
      ? await startRedis({ directory: join(directory, 'redis'), appendOnly: true, ledger })
      : undefined;
  narrator.step('Redis', server ? `127.0.0.1:${server.port}, kept in ${directory}` : 'the one that is named');

  const settings = { ...env, SIDEBAND_REDIS: named ?? server?.url ?? '' };
  const children: ChildProcess[] = [];
  const run = (name: 'collector' | 'reaper', more: NodeJS.ProcessEnv): void => {
    const { command, args: words } = programCommand(name);
    // In a group of its own: Ctrl-C reaches only us, and a second signal would cut its ending short.
    const options = { cwd: root, env: { ...settings, ...more }, detached: true } as const;
    const child = spawn(command, words, { ...options, stdio: 'inherit' });
    if (child.pid !== undefined) ledger.child(child.pid, name);
    children.push(child);
  };
  try {
    narrator.step('Collector', `listens on ${env['SIDEBAND_LISTEN'] ?? '127.0.0.1:8080'}`);
    run('collector', {});
    if (env['SIDEBAND_ENGINE'] === undefined) {
      narrator.step(
        'No reaper',
        'name the engine it may look after: SIDEBAND_ENGINE=unix:///var/run/docker.sock',
      );
    } else {
      const state = env['SIDEBAND_STATE_DIR'] ?? join(directory, 'state');
      narrator.step('Reaper', `${env['SIDEBAND_ENGINE']}, state in ${state}`);
      run('reaper', { SIDEBAND_STATE_DIR: state });
    }
    return await firstToEnd(children, signal);
  } finally {
    await Promise.all(children.map(endChild));
    await server?.stop();
  }
}

/** 0 after Ctrl-C; otherwise one of them has ended by itself, and that is never right. */
async function firstToEnd(children: readonly ChildProcess[], signal: AbortSignal): Promise<number> {
  const aborted = once(signal, 'abort').then(() => 0);
  const ended = children.map(async (child) => {
    await once(child, 'exit');
    return signal.aborted ? 0 : (child.exitCode ?? 1) || 1;
  });
  return await Promise.race([aborted, ...ended]);
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
