import type { Clock, Millis } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import type { ProjectId, RunnerId } from '@sideband/shared/names';
import type { GitLab, GitLabJob } from '../gitlab/port.ts';
import type { JobLedger } from '../resolve/ledger.ts';
import type { PollMemory } from './poll-memory.ts';
import { LATE_ID_MS } from './reach.ts';
import { readDown } from './read-down.ts';

export interface RunnerParts {
  readonly ledger: Pick<JobLedger, 'noteManagers'>;
  readonly memory: Pick<PollMemory, 'runner' | 'keepRunner' | 'noteProjects'>;
  readonly clock: Clock;
  readonly lookBackMs: number;
  readonly backFillMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Finds the projects whose jobs a GitLab's runners take, and the runners' managers. `done`: runners that need not be
 * asked again; those asked are added. Throws what GitLab's port throws but `GITLAB_REFUSED` and `GITLAB_NOT_FOUND`,
 * besides `REDIS_UNAVAILABLE` and the signal's reason.
 */
export type PollRunners = (gitlab: GitLab, done: Set<RunnerId>) => Promise<void>;

/** What the token may not see is asked for again after this: its rights may be mended. */
const REFUSED_MS = 86_400_000;

export function createRunnersPoll(parts: RunnerParts): PollRunners {
  const { clock, log } = parts;
  const refusedAt = new Map<string, Millis>();

  /** What the token may not see is left out, and what is gone. */
  async function ifAllowed(what: string, ask: () => Promise<void>): Promise<void> {
    const last = refusedAt.get(what);
    if (last !== undefined && clock.now() - last < REFUSED_MS) return;
    try {
      await ask();
      refusedAt.delete(what);
    } catch (error) {
      if (isSidebandError(error, 'GITLAB_NOT_FOUND')) return;
      if (!isSidebandError(error, 'GITLAB_REFUSED')) throw error;
      if (last === undefined)
        log.info({ what }, 'Token may not see this; without it there is the membership');
      refusedAt.set(what, clock.now());
    }
  }

  return async (gitlab, done) => {
    const { instance } = gitlab;
    await ifAllowed(`${instance}: runners`, async () => {
      for await (const runner of gitlab.runners()) {
        if (done.has(runner)) continue;
        let isBusy = false;
        await ifAllowed(`${instance}: jobs of runner ${runner}`, async () => {
          isBusy = await pollRunner(parts, gitlab, runner);
        });
        if (isBusy) {
          await ifAllowed(`${instance}: managers of runner ${runner}`, async () => {
            const managers = await gitlab.managers(runner);
            await parts.ledger.noteManagers(instance, runner, managers, clock.now());
          });
        }
        done.add(runner);
      }
    });
  };
}

/** Whether it has had jobs since, or is met for the first time. */
async function pollRunner(parts: RunnerParts, gitlab: GitLab, runner: RunnerId): Promise<boolean> {
  const { memory, signal } = parts;
  const { instance } = gitlab;
  const begunAt = parts.clock.now();
  const last = await memory.runner(instance, runner);
  const reachedAt = last?.begunAt ?? begunAt - Math.max(parts.lookBackMs, parts.backFillMs);
  const upToId = last?.highest ?? Number.POSITIVE_INFINITY;
  const projects = new Set<ProjectId>();
  let highest = last?.highest ?? 0;

  const isPast = (job: GitLabJob): boolean => {
    highest = Math.max(highest, job.id);
    return job.createdAt < reachedAt - LATE_ID_MS && job.id <= upToId;
  };
  const taken = readDown(gitlab.runnerJobs(runner, 'any'), isPast, signal);
  for await (const jobs of taken) for (const job of jobs) projects.add(job.project);
  // One that waited for days before it was taken has an id far down.
  const running = readDown(gitlab.runnerJobs(runner, 'running'), () => false, signal);
  for await (const jobs of running) for (const job of jobs) projects.add(job.project);

  await memory.noteProjects(instance, projects, begunAt);
  await memory.keepRunner(instance, runner, { begunAt, highest });
  return projects.size > 0 || last === undefined;
}
