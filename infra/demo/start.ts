import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { errorText, SidebandError } from '@sideband/shared/errors';
import { whyNoSandbox } from '../testkit/sandbox.ts';
import { runConfigured } from './configured.ts';
import { demonstrate } from './demonstrate.ts';
import { createNarrator } from './narrator.ts';
import { type DemoOptions, parseOptions, USAGE } from './options.ts';
import { settingsOf } from './settings-file.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** What `npm start` runs: the product itself where GitLab is configured, else the demonstration. Returns the exit code. */
async function start(args: readonly string[], signal: AbortSignal): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const settings = settingsOf(ROOT, process.env);
  const namesGitLab = ['SIDEBAND_GITLAB_URL', 'SIDEBAND_GITLABS'].some(
    (name) => settings[name] !== undefined,
  );
  if (namesGitLab) return await runConfigured(ROOT, settings, args, signal);
  if (settings['SIDEBAND_ENGINE'] !== undefined) {
    throw new SidebandError('CONFIG_INVALID', {
      problems: [
        'SIDEBAND_ENGINE is set and SIDEBAND_GITLAB_URL is not: a reaper alone is started by `npm run reaper`',
      ],
    });
  }
  const options = chooseEngine(parseOptions(args));
  const narrator = createNarrator(options.json ? process.stderr : process.stdout);
  if (options.engine === 'memory') narrator.line(memoryNotice());
  else
    narrator.line('Sideband, the demonstration: a week of real CI history on a sandbox engine of its own.');
  const verdict = await demonstrate(options, ROOT, narrator, signal);
  if (verdict === undefined) return 0;
  for (const problem of verdict.problems) narrator.line(`WRONG: ${problem}`);
  if (options.json) process.stdout.write(`${JSON.stringify(verdict)}\n`);
  else narrator.line(summary(verdict));
  return verdict.right ? 0 : 1;
}

function chooseEngine(options: DemoOptions): DemoOptions {
  return whyNoSandbox() === undefined ? options : { ...options, engine: 'memory' };
}

function memoryNotice(): string {
  const reason = whyNoSandbox();
  const why = reason === undefined ? 'as asked for' : `since ${reason}`;
  return `Sideband, the demonstration, on an IN-MEMORY engine, ${why}: nothing is really pulled or deleted.`;
}

function summary(verdict: NonNullable<Awaited<ReturnType<typeof demonstrate>>>): string {
  const { jobs, pulls, repulls, evictions, engine, seconds, right } = verdict;
  const word = right ? 'Right' : 'WRONG';
  return `${word}: ${jobs} jobs, ${pulls} pulls, ${repulls} re-pulls, ${evictions} evictions on ${engine} in ${seconds} s`;
}

function explain(error: unknown): string {
  if (!(error instanceof SidebandError)) return errorText(error);
  const problems = error.details['problems'];
  const lines = Array.isArray(problems) ? problems.map((problem) => `  ${describeProblem(problem)}`) : [];
  return [`${error.code}: ${error.message}`, ...lines, error.remedy].join('\n');
}

function describeProblem(problem: unknown): string {
  if (typeof problem !== 'object' || problem === null) return String(problem);
  return Object.values(problem).map(String).join(' ');
}

const stopping = new AbortController();
// Every job that runs waits for it.
setMaxListeners(0, stopping.signal);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());
try {
  process.exitCode = await start(process.argv.slice(2), stopping.signal);
} catch (error) {
  const interrupted = stopping.signal.aborted;
  if (!interrupted) process.stderr.write(`${explain(error)}\n`);
  process.exitCode = interrupted ? 130 : 1;
}
