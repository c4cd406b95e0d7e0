import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Millis, systemClock } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { makeApi } from './api.ts';
import { Deliveries, type HookCounts, type HookOptions } from './deliveries.ts';
import { jobUrl, type Presenter } from './entities.ts';
import { Faults } from './faults.ts';
import { jobHookPayload } from './job-hook.ts';
import { RateLimit, type RateLimitOptions } from './rate-limit.ts';
import {
  type EndStatus,
  type JobRecord,
  type NewJob,
  type NewProject,
  type PickUp,
  Records,
} from './records.ts';
import { Requests } from './requests.ts';

export interface GitLabOptions {
  /** What every `created_at`, `started_at`, … and the rate limits go by; the system's unless told. */
  readonly clock?: Clock;
  /** The only token that is let in. */
  readonly token: string;
  readonly hook?: HookOptions;
  /** From 0 up to 1, as `Math.random`, which it is unless told. */
  readonly random?: () => number;
  readonly rateLimit?: RateLimitOptions;
}

/** What a runner is told about a job that it takes. */
export interface JobRequest {
  readonly id: JobId;
  readonly name: string;
  readonly url: string;
  readonly ref: string;
  readonly sha: string;
  readonly project: ProjectId;
  readonly pipeline: number;
}

/** A GitLab to test against: its REST API and hooks outside, a control panel inside. Misuse of the panel throws. */
export interface GitLabStandIn {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  readonly requests: Requests;
  createProject(project: NewProject): ProjectId;
  /** A job that waits for its stage: status `created`. Ids rise by one. */
  createJob(job: NewJob): JobId;
  pending(job: JobId): void;
  /** A runner takes the job. */
  running(job: JobId, pickUp: PickUp): void;
  writeTrace(job: JobId, text: string): void;
  /** `canceled` is possible from any status, the others from `running` only. */
  finish(job: JobId, status: EndStatus, options?: { readonly finishedAt?: Millis }): void;
  /** Somebody erases the log of an ended job. No hook tells of it. */
  erase(job: JobId): void;
  jobRequest(job: JobId): JobRequest;
  /** Where hooks go from now on; undefined sends none. */
  pointHookAt(hook: HookOptions | undefined): void;
  hookCounts(): HookCounts;
  /** Resolves when every hook that is scheduled has been answered or has failed. */
  settled(): Promise<void>;
  /** Closes the port: connections are refused until `acceptConnections`. */
  refuseConnections(): Promise<void>;
  acceptConnections(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startGitLab(options: GitLabOptions): Promise<GitLabStandIn> {
  const { clock = systemClock, random = Math.random } = options;
  const records = new Records(clock);
  const faults = new Faults();
  const requests = new Requests(clock);
  let baseUrl = '';
  const presenter = (): Presenter => ({ baseUrl, now: clock.now() });
  const api = await makeApi({
    token: options.token,
    clock,
    rateLimit: new RateLimit(options.rateLimit ?? {}, clock),
    records,
    faults,
    requests,
    presenter,
    onTraceBytes: (request, bytes) => requests.sentTrace(request, bytes),
  });
  const server = createServer((request, response) => api.routing(request, response));
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const unlisten = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const port = await listen(0);
  baseUrl = `http://127.0.0.1:${port}`;
  const deliveries = new Deliveries({ instanceUrl: baseUrl, random });
  deliveries.pointAt(options.hook);
  const tell = (job: JobRecord): JobId => {
    deliveries.send(job.project.id, jobHookPayload(job, presenter()));
    return job.id;
  };

  return {
    url: baseUrl,
    port,
    faults,
    requests,
    createProject: (project) => records.addProject(project).id,
    createJob: (job) => tell(records.addJob(job)),
    pending: (job) => void tell(records.enqueue(job)),
    running: (job, pickUp) => void tell(records.start(job, pickUp)),
    writeTrace: (job, text) => records.appendTrace(job, text),
    finish: (job, status, { finishedAt } = {}) => void tell(records.finish(job, status, finishedAt)),
    erase: (job) => records.erase(job),
    jobRequest: (id) => {
      const job = records.job(id);
      const { name, ref, sha, pipelineId } = job;
      return { id, name, ref, sha, url: jobUrl(job, baseUrl), project: job.project.id, pipeline: pipelineId };
    },
    pointHookAt: (hook) => deliveries.pointAt(hook),
    hookCounts: () => deliveries.counts(),
    settled: () => deliveries.settled(),
    refuseConnections: unlisten,
    acceptConnections: async () => {
      if (!server.listening) await listen(port);
    },
    stop: async () => {
      deliveries.close();
      await unlisten();
      await api.close();
    },
  };
}
