import type { ManualClock, Millis } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import fc from 'fast-check';
import type { EndStatus } from '../testkit/gitlab/records.ts';
import type { GitLabStandIn } from '../testkit/gitlab/stand-in.ts';
import type { RunnerIdentity, RunningJob } from '../testkit/runner/job-run.ts';
import { finishJob, startJob } from '../testkit/runner/run-job.ts';
import { paperEngine } from './jobs.ts';

const MINUTE = 60_000;
const THREE_DAYS = 3 * 24 * 60;
/** All of the day's jobs have ended by then, retries included. */
export const DAY_MS = 1_470 * MINUTE;

/** A job of the day; times in minutes since its beginning. */
interface DayJob {
  readonly project: number;
  readonly runner: number;
  readonly name: string;
  readonly image: string;
  readonly services: readonly string[];
  readonly isManual: boolean;
  readonly createdAt: number;
  readonly queuedAt: number;
  /** Undefined: it is cancelled before. */
  readonly startedAt: number | undefined;
  readonly endedAt: number;
  readonly end: EndStatus;
}

const APPS = Array.from({ length: 8 }, (_, index) => `registry.example.com/team/app:${index}`);
/** The image of the job that waited for three days. */
export const WAITED = 'registry.example.com/team/deploy:1';
const SERVICES = ['docker.io/library/postgres:16', 'docker.io/library/redis:7'];

const dayJob: fc.Arbitrary<DayJob> = fc
  .record({
    ...{ project: fc.nat(2), runner: fc.nat(1), name: fc.constantFrom('build', 'test', 'lint') },
    ...{ image: fc.constantFrom(...APPS), services: fc.subarray(SERVICES) },
    ...{
      createdAt: fc.nat(1_380),
      queues: fc.nat(5),
      waits: fc.nat(10),
      runs: fc.integer({ min: 1, max: 30 }),
    },
    end: fc.constantFrom<EndStatus[]>('success', 'success', 'success', 'failed', 'canceled'),
    isPickedUp: fc.boolean(),
  })
  .map(({ queues, waits, runs, isPickedUp, ...job }) => {
    const queuedAt = job.createdAt + queues;
    const startedAt = job.end === 'canceled' && !isPickedUp ? undefined : queuedAt + waits;
    return { ...job, isManual: false, queuedAt, startedAt, endedAt: queuedAt + waits + runs };
  });

/** A day of 120 jobs and the retries of those that failed. One was made three days before and waits for a person. */
export function makeDay(seed: number): readonly DayJob[] {
  const jobs = fc.sample(dayJob, { seed, numRuns: 119 });
  const [first] = jobs;
  if (first === undefined) throw new Error('A day without jobs');
  const retries = jobs
    .filter(({ end }) => end === 'failed')
    .map((job) => {
      const createdAt = job.endedAt + 1;
      const startedAt = createdAt + 2;
      return {
        ...job,
        end: 'success' as const,
        createdAt,
        queuedAt: createdAt,
        startedAt,
        endedAt: startedAt + 9,
      };
    });
  const manual = { ...first, name: 'deploy', image: WAITED, isManual: true };
  const started = { createdAt: -THREE_DAYS, queuedAt: 700, startedAt: 701, endedAt: 725 };
  return [...jobs, ...retries, { ...manual, ...started, end: 'success' }];
}

export interface DayParts {
  readonly gitlab: GitLabStandIn;
  readonly clock: ManualClock;
  readonly projects: readonly ProjectId[];
  readonly runners: readonly RunnerIdentity[];
}

/** Everything that happens on the day, one thing after another, each at its own time by the clock. */
export function eventsOf(day: readonly DayJob[], parts: DayParts): readonly (() => Promise<void>)[] {
  const { gitlab, clock, projects, runners } = parts;
  const begin = clock.now();
  const engines = runners.map(() => paperEngine([...APPS, ...SERVICES, WAITED]));
  const events: { readonly at: number; readonly act: () => Promise<void> | void }[] = [];
  const happen = (at: number, act: () => Promise<void> | void): void => void events.push({ at, act });

  for (const job of day) {
    const project = projects[job.project];
    const runner = runners[job.runner];
    const engine = engines[job.runner];
    if (project === undefined || runner === undefined || engine === undefined)
      throw new Error('Nobody runs it');
    const { startedAt, end } = job;
    let id: JobId;
    let running: RunningJob | undefined;
    happen(Math.max(0, job.createdAt), () => {
      const createdAt = (begin + job.createdAt * MINUTE) as Millis;
      const when = job.isManual ? 'manual' : 'on_success';
      id = gitlab.createJob({ project, name: job.name, createdAt, when });
    });
    happen(job.queuedAt, () => gitlab.pending(id));
    if (startedAt !== undefined) {
      happen(startedAt, async () => {
        const { image, services } = job;
        running = await startJob({ gitlab, clock, engine, runner, job: id, image, services });
      });
    }
    happen(job.endedAt, async () => {
      if (running !== undefined) await finishJob(running, end);
      else gitlab.finish(id, end);
    });
  }
  return events
    .sort((one, other) => one.at - other.at)
    .map(({ at, act }) => async () => {
      clock.advance(begin + at * MINUTE - clock.now());
      await act();
    });
}
