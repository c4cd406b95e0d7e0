import type { Millis } from '@sideband/shared/clock';
import type { HostName, InstanceName, JobId, ProjectId, RunnerId, SystemId } from '@sideband/shared/names';
import type { MemoryJob } from '../gitlab/memory-gitlab.ts';
import type { JobEvent } from '../resolve/resolver-hint.ts';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 10, 21);
export const instance = 'gitlab.example' as InstanceName;
const RUNNER = 4 as RunnerId;
const NAMES: readonly string[] = ['s_aaaaaaaaaaaa', 's_bbbbbbbbbbbb', 's_cccccccccccc'];
const HOST_NAMES: readonly string[] = ['one', 'two', 'late'];
export const MANAGERS = NAMES as readonly SystemId[];
/** The last one registers when all is over: until then its uses are parked. */
export const HOSTS = HOST_NAMES as readonly HostName[];

/** A job of the day; times in minutes since midnight. */
export interface DayJob {
  readonly project: number;
  readonly name: number;
  readonly manager: number;
  readonly image: number;
  readonly createdAt: number;
  /** So much later its id can be seen: GitLab gave it out before it committed. */
  readonly commitMinutes: number;
  /** What it says until it is started, if it ever is. */
  readonly waits: 'pending' | 'manual' | 'skipped';
  readonly startsAfter: number | undefined;
  readonly runsFor: number;
}

/** Something that GitLab does at a minute of the day. */
export interface Change {
  readonly at: number;
  readonly job: MemoryJob;
  readonly trace?: string;
  readonly hook?: Pick<JobEvent, 'status' | 'details'>;
}

/** Ids rise with the time of creation. Changes of a job are in the order in which they happen. */
export function changesOf(jobs: readonly DayJob[]): Change[] {
  return [...jobs]
    .sort((a, b) => a.createdAt - b.createdAt)
    .flatMap((job, index) => lifeOf(job, (index + 1) as JobId));
}

function lifeOf(job: DayJob, id: JobId): Change[] {
  const project = (job.project + 1) as ProjectId;
  const name = `job ${job.name}`;
  const made = { name, createdAt: moment(job.createdAt) };
  const committedAt = job.createdAt + job.commitMinutes;
  const waiting: Change = {
    at: committedAt,
    job: { ...made, project, id, status: job.waits },
    ...(job.waits === 'pending' ? { hook: { status: 'expected' as const, details: made } } : {}),
  };
  if (job.startsAfter === undefined) return [waiting];

  const start = job.createdAt + job.startsAfter;
  const end = start + job.runsFor;
  const begun = { ...made, runner: RUNNER, startedAt: moment(start) };
  const over = { ...begun, finishedAt: moment(end) };
  const systemId = MANAGERS[job.manager];
  const seen = { project, id, systemId };
  return [
    waiting,
    {
      at: Math.max(start, committedAt),
      job: { ...begun, ...seen, status: 'running' },
      trace: traceOf(job),
      hook: { status: 'running', details: begun },
    },
    {
      at: Math.max(end, committedAt),
      job: { ...over, ...seen, status: 'success' },
      hook: { status: 'ended', details: over },
    },
  ];
}

export function moment(minutes: number): Millis {
  return (START + minutes * MINUTE) as Millis;
}

function traceOf({ manager, image }: DayJob): string {
  const name = `registry.example/app:${image}`;
  return [
    'Running with gitlab-runner 17.5.0 (abcdef12)',
    `  on builder t1_abcdef, system ID: ${MANAGERS[manager]}`,
    'Preparing the "docker" executor',
    `Using Docker executor with image ${name} ...`,
    ...(image % 2 === 0 ? [`Pulling docker image ${name} ...`] : []),
    `Using docker image sha256:${String(image).repeat(64)} for ${name} ...`,
    'Preparing environment',
    '$ make',
    '',
  ].join('\n');
}
