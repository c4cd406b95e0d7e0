import { createHash } from 'node:crypto';
import type { Clock, Millis } from '@sideband/shared/clock';
import type { JobId } from '@sideband/shared/names';
import { Namespaces, type ProjectRecord } from './namespaces.ts';
import { type ManagerRecord, type PickUp, Runners } from './runners.ts';

/** How a job can end. */
export type EndStatus = 'success' | 'failed' | 'canceled';
export type JobStatus = 'created' | 'manual' | 'pending' | 'running' | EndStatus;

export interface JobRecord {
  readonly id: JobId;
  readonly project: ProjectRecord;
  readonly name: string;
  readonly stage: string;
  readonly ref: string;
  readonly sha: string;
  readonly pipelineId: number;
  readonly tags: readonly string[];
  /** Waits for a person, where others wait for their stage. */
  readonly isManual: boolean;
  readonly createdAt: Millis;
  status: JobStatus;
  queuedAt: Millis | undefined;
  startedAt: Millis | undefined;
  finishedAt: Millis | undefined;
  erasedAt: Millis | undefined;
  manager: ManagerRecord | undefined;
  /** As it came: a runner's pieces end anywhere, and what a script prints need not be text. */
  trace: Buffer;
}

interface NewPipelineJob {
  readonly name: string;
  readonly stage?: string;
  readonly tags?: readonly string[];
  readonly when?: 'on_success' | 'manual';
}

export interface NewJob extends NewPipelineJob {
  readonly project: number;
  readonly ref?: string;
  /** A new one unless told. */
  readonly pipeline?: number;
  /** Now unless told. */
  readonly createdAt?: Millis;
}

export interface NewPipeline {
  readonly project: number;
  readonly ref?: string;
  readonly jobs: readonly NewPipelineJob[];
}

/** What GitLab keeps in its database, with the transitions a job can make. Misuse throws. */
export class Records {
  readonly namespaces: Namespaces;
  readonly runners: Runners;
  readonly jobs = new Map<number, JobRecord>();
  readonly #clock: Clock;
  #nextJob = 10_000;
  #nextPipeline = 5_000;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.namespaces = new Namespaces(clock);
    this.runners = new Runners(clock);
  }

  newPipeline(): number {
    return this.#nextPipeline++;
  }

  addJob(job: NewJob): JobRecord {
    const project = this.namespaces.project(job.project);
    const pipelineId = job.pipeline ?? this.newPipeline();
    const record: JobRecord = {
      id: this.#nextJob++ as JobId,
      project,
      name: job.name,
      stage: job.stage ?? 'test',
      ref: job.ref ?? 'main',
      sha: createHash('sha1').update(`${project.path} ${pipelineId}`).digest('hex'),
      pipelineId,
      tags: job.tags ?? [],
      isManual: job.when === 'manual',
      createdAt: job.createdAt ?? this.#clock.now(),
      status: 'created',
      queuedAt: undefined,
      startedAt: undefined,
      finishedAt: undefined,
      erasedAt: undefined,
      manager: undefined,
      trace: Buffer.alloc(0),
    };
    this.jobs.set(record.id, record);
    project.jobs.push(record);
    return record;
  }

  job(id: number): JobRecord {
    const job = this.jobs.get(id);
    if (job === undefined) throw new Error(`There is no job ${id}`);
    return job;
  }

  /** Oldest first. */
  jobsOfPipeline(pipelineId: number): readonly [JobRecord, ...JobRecord[]] {
    const [first, ...rest] = [...this.jobs.values()].filter((job) => job.pipelineId === pipelineId);
    if (first === undefined) throw new Error(`There is no pipeline ${pipelineId}`);
    return [first, ...rest];
  }

  /** Newest first. */
  jobsOfRunner(runnerId: number): JobRecord[] {
    return [...this.jobs.values()].filter((job) => job.manager?.runner.id === runnerId).reverse();
  }

  /** The project and its jobs are gone. */
  destroy(projectId: number): ProjectRecord {
    const project = this.namespaces.remove(projectId);
    for (const job of project.jobs) this.jobs.delete(job.id);
    return project;
  }

  /** From `created`, once that was told: the job waits for a person. */
  awaitPerson(job: JobRecord): void {
    this.#in(job.id, ['created']).status = 'manual';
  }

  enqueue(id: number): JobRecord {
    const job = this.#in(id, ['created', 'manual']);
    job.status = 'pending';
    job.queuedAt = this.#clock.now();
    return job;
  }

  start(id: number, pickUp: PickUp): JobRecord {
    const job = this.#in(id, ['pending']);
    job.status = 'running';
    job.startedAt = this.#clock.now();
    job.manager = this.runners.contact(pickUp);
    return job;
  }

  finish(id: number, status: EndStatus, finishedAt: Millis | undefined): JobRecord {
    const from: JobStatus[] =
      status === 'canceled' ? ['created', 'manual', 'pending', 'running'] : ['running'];
    const job = this.#in(id, from);
    job.status = status;
    job.finishedAt = finishedAt ?? this.#clock.now();
    return job;
  }

  appendTrace(id: number, text: string | Uint8Array): void {
    const job = this.#in(id, ['running']);
    job.trace = Buffer.concat([job.trace, typeof text === 'string' ? Buffer.from(text) : text]);
  }

  erase(id: number): void {
    const job = this.#in(id, ['success', 'failed', 'canceled']);
    job.erasedAt = this.#clock.now();
    job.trace = Buffer.alloc(0);
  }

  #in(id: number, statuses: readonly JobStatus[]): JobRecord {
    const job = this.job(id);
    if (statuses.includes(job.status)) return job;
    throw new Error(`Job ${id} is ${job.status}, not ${statuses.join(' or ')}`);
  }
}
