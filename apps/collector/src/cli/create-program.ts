import { readFileSync } from 'node:fs';
import { systemClock } from '@sideband/shared/clock';
import { createLog } from '@sideband/shared/log';
import type { Environment } from '../config-secret.ts';
import { connectGitLab } from '../gitlab/connect-gitlab.ts';
import { createMemoryBudget } from '../gitlab/guest/memory-budget.ts';
import type { Program } from './program.ts';

/** A command as a process of its own. What goes wrong on the way to GitLab is said once, by the command itself. */
export function createProgram(environment: Environment): Program {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const log = createLog('collector', 'error');
  const clock = systemClock;
  return {
    sources: { env, readFile: (path) => readFileSync(path, 'utf8'), clock },
    clock,
    // Redis keeps the budget of the collectors; a command asks little, and must work without it.
    connect: (gitLab) =>
      connectGitLab(gitLab, {
        budget: createMemoryBudget(gitLab.requestsPerMinute, clock),
        ...{ clock, log, random: Math.random },
      }),
    input: () => process.stdin,
    print: (text) => void process.stdout.write(text),
  };
}
