import { jobEventId } from '@sideband/collector/receive/job-event';
import { type Fleet, INSTANCE } from '@sideband/infra/e2e/fleet';
import { paperEngine } from '@sideband/infra/e2e/jobs';
import { finishJob } from '@sideband/infra/testkit/runner/run-job';
import { type Millis, systemClock } from '@sideband/shared/clock';
import type { JobId, SystemId } from '@sideband/shared/names';
import { beginJob, queueJob } from '../gitlab-cost/paper-job.ts';

const IMAGE = 'registry.example.com/group/build:1';
const NAME = 'build';
const AT_A_TIME = 1_000;

/**
 * Events of jobs that have ended and have a trace, each of another job; hooks tell of nothing from now on. The jobs
 * were created at that time.
 */
export async function fillQueue(
  fleet: Fleet,
  events: number,
  { systemId, createdAt }: { readonly systemId: SystemId; readonly createdAt: Millis },
): Promise<void> {
  const { gitlab, resolving } = fleet;
  gitlab.pointHookAt(undefined);
  const project = gitlab.createProject({ path: 'group/waiting' });
  const paper = { project, name: NAME, systemId, engine: paperEngine([IMAGE]), image: IMAGE, createdAt };
  for (let left = events; left > 0; left -= AT_A_TIME) {
    const jobs: JobId[] = [];
    for (let index = 0; index < Math.min(left, AT_A_TIME); index += 1) {
      const job = queueJob(gitlab, paper);
      await finishJob(await beginJob(gitlab, paper, job), 'success');
      jobs.push(job);
    }
    const now = systemClock.now();
    const details = { name: NAME, createdAt, startedAt: now, finishedAt: now, runner: 1 };
    const about = { instance: INSTANCE, project, status: 'ended', receivedAt: now, details } as const;
    const additions = jobs.map((job) => ({
      payload: { ...about, job },
      options: { jobId: jobEventId({ ...about, job }) },
    }));
    await resolving.addAll('job-event', additions);
  }
}
