import type { GitLabStandIn } from '@sideband/infra/testkit/gitlab/stand-in';
import type { RunnerEngine } from '@sideband/infra/testkit/runner/engine';
import type { RunningJob } from '@sideband/infra/testkit/runner/job-run';
import { startJob } from '@sideband/infra/testkit/runner/run-job';
import { type Millis, systemClock } from '@sideband/shared/clock';
import type { JobId, ProjectId, SystemId } from '@sideband/shared/names';

export interface PaperJob {
  readonly project: ProjectId;
  readonly name: string;
  readonly systemId: SystemId;
  readonly engine: RunnerEngine;
  readonly image: string;
  readonly helper?: string;
  /** Now unless told. */
  readonly createdAt?: Millis;
}

/** A job that waits for a runner. */
export function queueJob(gitlab: GitLabStandIn, { project, name, createdAt }: PaperJob): JobId {
  const job = gitlab.createJob({ project, name, ...(createdAt === undefined ? {} : { createdAt }) });
  gitlab.pending(job);
  return job;
}

/** Its runner takes it at once, before the first turn of the event loop; resolves when its script has begun. */
export async function beginJob(gitlab: GitLabStandIn, of: PaperJob, job: JobId): Promise<RunningJob> {
  const { systemId, engine, image, helper } = of;
  const runner = {
    ...{ name: 'bench', shortToken: 'sideband1', systemId, runnerId: 1, hostname: 'bench' },
    ...{ version: '19.3.0', revision: '1f7b0b7a' },
  };
  const images = { image, ...(helper === undefined ? {} : { helper }) };
  const running = await startJob({ ...{ gitlab, engine, runner, clock: systemClock, job }, ...images });
  if (running === undefined) throw new Error(`Job ${job} failed on its way`);
  return running;
}
