import { createHash } from 'node:crypto';
import { createMemoryEngine } from '@sideband/reaper/engine/memory-engine';
import { type Millis, systemClock } from '@sideband/shared/clock';
import type { HostName, JobId, ProjectId, SystemId } from '@sideband/shared/names';
import type { GitLabStandIn } from '../testkit/gitlab/stand-in.ts';
import type { RunnerEngine } from '../testkit/runner/engine.ts';
import type { RunnerIdentity } from '../testkit/runner/job-run.ts';
import { memoryRunnerEngine } from '../testkit/runner/memory-engine.ts';
import { finishJob, startJob } from '../testkit/runner/run-job.ts';
import type { TraceFormat } from '../testkit/runner/trace-writer.ts';
import { until } from '../testkit/until.ts';
import type { Fleet } from './fleet.ts';

export interface JobOptions {
  readonly project: ProjectId;
  readonly systemId: SystemId;
  readonly engine: RunnerEngine;
  readonly image: string;
  /** `build` unless told. */
  readonly name?: string;
  /** One that is created already; a new one unless told. */
  readonly job?: JobId;
  readonly services?: readonly string[];
  readonly helper?: string;
  /** What its script prints. */
  readonly output?: readonly string[];
  readonly format?: TraceFormat;
  readonly finishedAt?: Millis;
  /** Called while the job has a helper container and no build container. */
  readonly inPreparationGap?: (job: JobId) => Promise<void>;
}

/** One job from its creation to its end, as GitLab and a runner would have it. */
export async function runJob(gitlab: GitLabStandIn, options: JobOptions): Promise<JobId> {
  const { project, systemId, engine, name = 'build', finishedAt, inPreparationGap, ...rest } = options;
  const job = options.job ?? gitlab.createJob({ project, name });
  gitlab.pending(job);
  const runner = runnerOf(systemId);
  const running = await startJob({
    ...{ gitlab, engine: slowerThanAMillisecond(engine), runner, clock: systemClock, ...rest, job },
    inPreparationGap: async () => inPreparationGap?.(job),
  });
  if (running === undefined) throw new Error(`Job ${job} failed on its way`);
  await finishJob(running, 'success', finishedAt === undefined ? {} : { finishedAt });
  return job;
}

/** A manager of the one runner there is. */
export function runnerOf(systemId: SystemId): RunnerIdentity {
  return {
    name: 'e2e',
    shortToken: 'sideband1',
    systemId,
    version: '19.3.0',
    revision: '1f7b0b7a',
    runnerId: 1,
    hostname: 'e2e',
  };
}

/** A job whose log is this text, whatever no runner would have written. */
export function runWritten(
  gitlab: GitLabStandIn,
  options: { readonly project: ProjectId; readonly systemId: SystemId; readonly trace: string },
): JobId {
  const job = gitlab.createJob({ project: options.project, name: 'written' });
  gitlab.pending(job);
  gitlab.running(job, { systemId: options.systemId });
  gitlab.writeTrace(job, options.trace);
  gitlab.finish(job, 'success');
  return job;
}

/** An engine on paper, for jobs of a host whose disk does not matter. Everything can be pulled. */
export function paperEngine(references: readonly string[]): RunnerEngine {
  const offered = new Map(
    references.map((reference) => {
      const sha = createHash('sha256').update(reference).digest('hex');
      const digests = [`${reference.slice(0, reference.lastIndexOf(':'))}@sha256:${sha}`];
      return [reference, { digests, layers: [{ chain: `sha256:${sha}`, bytes: 1 }] }] as const;
    }),
  );
  return memoryRunnerEngine(createMemoryEngine(), { offered });
}

/** GitLab hears of a job's end by a request, so never in the millisecond in which its last container went. */
function slowerThanAMillisecond(engine: RunnerEngine): RunnerEngine {
  return {
    ...engine,
    async remove(container) {
      await engine.remove(container);
      const goneAt = Date.now();
      await until('the next millisecond', async () => Date.now() > goneAt, { everyMs: 1 });
    },
  };
}

/** The jobs of which GitLab told that they used something on this host. */
export async function jobsOf({ evidence }: Fleet, host: HostName): Promise<ReadonlySet<JobId>> {
  const uses = await evidence.recordedUses(host, 10_000);
  // What a reaper's watch saw comes by itself, and proves nothing of GitLab's way.
  return new Set(uses.filter(({ source }) => source !== 'watch').map(({ job }) => job.job));
}

/** Resolves when the evidence of the host has a use by each of these jobs. */
export async function untilUsedBy(
  fleet: Fleet,
  host: HostName,
  jobs: readonly JobId[],
  timeoutMs = 30_000,
): Promise<void> {
  await until(
    `the uses of ${jobs.length} jobs on ${host}`,
    async () => {
      const known = await jobsOf(fleet, host);
      return jobs.every((job) => known.has(job));
    },
    { timeoutMs, everyMs: 50 },
  );
}

/** Posts what the project's hook would say; answers the status and how many milliseconds it took. */
export async function postHook(
  fleet: Fleet,
  project: ProjectId,
  body: string | Uint8Array<ArrayBuffer>,
  token: string = fleet.hook.secret(project),
): Promise<{ readonly status: number; readonly tookMs: number }> {
  const began = performance.now();
  const response = await fetch(fleet.hook.url(project), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-gitlab-token': token },
    body,
  });
  await response.arrayBuffer();
  return { status: response.status, tookMs: performance.now() - began };
}

export function endedHook(project: ProjectId, job: JobId): string {
  return JSON.stringify({
    object_kind: 'build',
    build_status: 'success',
    project_id: project,
    build_id: job,
  });
}
