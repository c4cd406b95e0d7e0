import type { Fleet } from '@sideband/infra/e2e/fleet';
import { finishJob } from '@sideband/infra/testkit/runner/run-job';
import { until } from '@sideband/infra/testkit/until';
import { type Millis, systemClock } from '@sideband/shared/clock';
import type { ProjectId } from '@sideband/shared/names';
import { beginJob, type PaperJob, queueJob } from './paper-job.ts';
import { type Tally, tallyOf } from './tally.ts';

/** What one poll asks. */
interface Poll {
  /** Of the project. */
  readonly project: Tally;
  /** Of the whole instance and of the other project there is. */
  readonly others: Tally;
}

/** Polls of a project, none of whose jobs a hook told of. */
export interface Polls {
  readonly jobs: number;
  readonly manual: number;
  /** The project is new to the collector: it reads the past, and the trace of every job that has ended. */
  readonly first: Poll;
  /** Nothing has changed since. */
  readonly second: Poll;
  /** Ten more jobs have ended since. */
  readonly third: Poll;
}

const JOBS = 1_000;
const ONE_IN_MANUAL = 10;
const LATER_JOBS = 10;
/** The jobs were created in so long a time until now, evenly: less than the look-back of seven days. */
const SPREAD_MS = 6 * 86_400_000;
/** Jobs of this prefix come after a gap, and are not spread over the hour. */
const AFTER_GAP = 'gap-bench';

export async function measurePolls(fleet: Fleet, paper: Omit<PaperJob, 'project'>): Promise<Polls> {
  fleet.gitlab.pointHookAt(undefined);
  const project = fleet.gitlab.createProject({ path: 'group/polled' });
  await makeJobs(fleet, { ...paper, project });
  const first = await poll(fleet, project, 1);
  const second = await poll(fleet, project, 2);
  for (let ended = 0; ended < LATER_JOBS; ended += 1) await endJob(fleet, { ...paper, project });
  const third = await poll(fleet, project, 3);
  return { jobs: JOBS, manual: JOBS / ONE_IN_MANUAL, first, second, third };
}

async function makeJobs(fleet: Fleet, paper: PaperJob): Promise<void> {
  const { project } = paper;
  const begunAt = systemClock.now() - SPREAD_MS;
  for (let made = 0; made < JOBS; made += 1) {
    const createdAt = Math.floor(begunAt + (made * SPREAD_MS) / JOBS) as Millis;
    if (made % ONE_IN_MANUAL === 0) {
      fleet.gitlab.createJob({ project, name: 'deploy', when: 'manual', createdAt });
    } else await endJob(fleet, { ...paper, createdAt });
  }
}

async function endJob({ gitlab }: Fleet, paper: PaperJob): Promise<void> {
  await finishJob(await beginJob(gitlab, paper, queueJob(gitlab, paper)), 'success');
}

/** One poll, with all that is looked up because of it. */
async function poll(fleet: Fleet, project: ProjectId, number: number): Promise<Poll> {
  const { gitlab, reconciling } = fleet;
  const before = gitlab.requests.all().length;
  const jobId = `${AFTER_GAP}-${number}`;
  await reconciling.add('poll', {}, { jobId });
  await until(
    'the poll to end',
    async () => {
      const job = await reconciling.queue.getJob(jobId);
      if (job?.failedReason) throw new Error(job.failedReason);
      return job?.finishedOn !== undefined;
    },
    { timeoutMs: 120_000 },
  );
  await fleet.settled(120_000);
  const all = gitlab.requests.all().slice(before);
  const isOfProject = (path: string): boolean => path.includes(`/projects/${project}/`);
  return {
    project: tallyOf(all.filter(({ path }) => isOfProject(path))),
    others: tallyOf(all.filter(({ path }) => !isOfProject(path))),
  };
}
