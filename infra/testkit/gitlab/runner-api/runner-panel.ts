import type { JobId } from '@sideband/shared/names';
import type { Records } from '../records.ts';
import type { Coordinator, Delay } from './coordinator.ts';
import type { NewRunnerJob } from './job-specification.ts';

/** For runners that speak their own protocol, as gitlab-runner does. */
export interface RunnerPanel {
  /** With this `POST /runners` makes a runner of the whole instance. */
  readonly registrationToken: string;
  /** The authentication token `glrt-…` of a runner that was created: the same whenever it is asked for. */
  runnerToken(runner: number): string;
  /** A pending job that the next runner to ask may take, if it is one of the job's project. */
  createRunnerJob(job: NewRunnerJob): JobId;
  /** The next `count` reports of a job's end are answered so, and have to be made again. */
  delayJobEnds(count: number, delay: Delay): void;
}

export function runnerPanel(coordinator: Coordinator, records: Records): RunnerPanel {
  return {
    registrationToken: coordinator.tokens.registration,
    runnerToken: (id) => {
      const runner = records.runners.find(id);
      if (runner === undefined) throw new Error(`There is no runner ${id}`);
      return coordinator.tokens.of(runner);
    },
    createRunnerJob: (job) => coordinator.add(job),
    delayJobEnds: (count, delay) => coordinator.delayEnds(count, delay),
  };
}
