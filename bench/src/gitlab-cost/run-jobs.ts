import { setTimeout as sleep } from 'node:timers/promises';
import { aHost, aSystemId, type Fleet } from '@sideband/infra/e2e/fleet';
import { paperEngine } from '@sideband/infra/e2e/jobs';
import { registerPaperHost } from '@sideband/infra/e2e/paper-host';
import type { RunnerEngine } from '@sideband/infra/testkit/runner/engine';
import { finishJob } from '@sideband/infra/testkit/runner/run-job';
import { systemClock } from '@sideband/shared/clock';
import type { HostName, ProjectId, SystemId } from '@sideband/shared/names';
import { beginJob, type PaperJob, queueJob } from './paper-job.ts';
import { leaseSeen, useSeen } from './sightings.ts';

/** Both in milliseconds. */
export interface JobTimes {
  readonly startToLease: number;
  readonly endToUse: number;
}

/** A machine with a runner manager of its own. */
interface PaperHost {
  readonly host: HostName;
  readonly systemId: SystemId;
  readonly engine: RunnerEngine;
}

/** A project whose pipelines have the same jobs each time, and the hosts that they run on. */
export interface Workplace {
  readonly project: ProjectId;
  readonly hosts: readonly PaperHost[];
  /** One for each name. */
  readonly images: readonly string[];
}

/** What follows the runner's words in each log. */
export const PADDING_BYTES = 1_000_000;
export const NAMES = 10;
const HOSTS = ['a', 'b', 'c', 'd'] as const;
const JOBS_AT_A_TIME = 8;
/** A runner asks for jobs every few seconds, so a job is known for a while before it starts. */
const PENDING_MS = 100;
const RUNNING_MS = 400;
const HELPER = 'registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:x86_64-v19.3.0';

export async function openWorkplace(fleet: Fleet): Promise<Workplace> {
  const images = Array.from({ length: NAMES }, (_, name) => imageOf(name));
  const hosts = HOSTS.map((letter) => ({
    host: aHost(`paper-${letter}`),
    systemId: aSystemId(letter),
    engine: paperEngine([...images, HELPER]),
  }));
  for (const { host, systemId } of hosts) await registerPaperHost(fleet, host, systemId);
  return { project: fleet.gitlab.createProject({ path: 'group/steady' }), hosts, images };
}

/** So many jobs of the ten names in turn, eight at a time, two on each host. */
export async function runJobs(fleet: Fleet, place: Workplace, jobs: number): Promise<readonly JobTimes[]> {
  const times: JobTimes[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let index = next++; index < jobs; index = next++) times.push(await runOne(fleet, place, index));
  }
  await Promise.all(Array.from({ length: JOBS_AT_A_TIME }, work));
  await fleet.settled();
  return times;
}

/** The clock runs from the call that changes the job's status in GitLab, which also makes it send its hook. */
async function runOne({ gitlab, evidence }: Fleet, place: Workplace, index: number): Promise<JobTimes> {
  const { paper, host } = placed(place, index);
  const job = queueJob(gitlab, paper);
  await sleep(PENDING_MS);

  const startedAt = performance.now();
  const [running, startToLease] = await Promise.all([
    beginJob(gitlab, paper, job),
    leaseSeen(evidence, host, job).then(() => performance.now() - startedAt),
  ]);
  await sleep(RUNNING_MS);

  gitlab.faults.padTrace(job, PADDING_BYTES);
  const finishedAt = systemClock.now();
  const endedAt = performance.now();
  await finishJob(running, 'success');
  await useSeen(evidence, host, job, finishedAt);
  return { startToLease, endToUse: performance.now() - endedAt };
}

/** Which of the names, on which of the hosts: every name comes to every host. */
function placed({ project, hosts }: Workplace, index: number): { paper: PaperJob; host: HostName } {
  const name = index % NAMES;
  const on = hosts[(index + Math.floor(index / NAMES)) % hosts.length];
  if (on === undefined) throw new Error('There is a remainder for each host');
  const { host, systemId, engine } = on;
  const paper = { project, name: `job-${name}`, systemId, engine, image: imageOf(name), helper: HELPER };
  return { paper, host };
}

function imageOf(name: number): string {
  return `registry.example.com/group/image-${name}:1`;
}
