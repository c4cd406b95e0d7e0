import { createHash } from 'node:crypto';
import type { Clock, Millis } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';

/** What the token may do: `none` hides the project (404), `guest` hides its jobs (403). */
export type Access = 'none' | 'guest' | 'reporter';
/** How a job can end. */
export type EndStatus = 'success' | 'failed' | 'canceled';
export type JobStatus = 'created' | 'pending' | 'running' | EndStatus;

export interface ProjectRecord {
  readonly id: ProjectId;
  /** `group/name`. */
  readonly path: string;
  readonly access: Access;
  readonly createdAt: Millis;
  /** By id, oldest first. */
  readonly jobs: JobRecord[];
}

/** One runner process: several may share the record `runnerId`. */
export interface ManagerRecord {
  readonly id: number;
  readonly runnerId: number;
  readonly systemId: string;
  readonly version: string;
  readonly createdAt: Millis;
}

export interface JobRecord {
  readonly id: JobId;
  readonly project: ProjectRecord;
  readonly name: string;
  readonly stage: string;
  readonly ref: string;
  readonly sha: string;
  readonly pipelineId: number;
  readonly tags: readonly string[];
  readonly createdAt: Millis;
  status: JobStatus;
  queuedAt: Millis | undefined;
  startedAt: Millis | undefined;
  finishedAt: Millis | undefined;
  erasedAt: Millis | undefined;
  manager: ManagerRecord | undefined;
  trace: string;
}

export interface NewProject {
  readonly id?: number;
  readonly path: string;
  readonly access?: Access;
}

export interface NewJob {
  readonly project: number;
  readonly name: string;
  readonly stage?: string;
  readonly ref?: string;
  /** A new one unless told. */
  readonly pipeline?: number;
  readonly tags?: readonly string[];
}

/** Who takes a job. */
export interface PickUp {
  readonly systemId: string;
  /** The runner record; 1 unless told. */
  readonly runnerId?: number;
  readonly version?: string;
}

/** What GitLab keeps in its database, with the transitions a job can make. Misuse throws. */
export class Records {
  readonly projects = new Map<number, ProjectRecord>();
  readonly jobs = new Map<number, JobRecord>();
  readonly #managers = new Map<string, ManagerRecord>();
  readonly #clock: Clock;
  #nextPipeline = 5_000;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  addProject({ id, path, access = 'reporter' }: NewProject): ProjectRecord {
    const newId = id ?? Math.max(0, ...this.projects.keys()) + 1;
    if (this.projects.has(newId)) throw new Error(`Project ${newId} exists already`);
    const createdAt = this.#clock.now();
    const project: ProjectRecord = { id: newId as ProjectId, path, access, createdAt, jobs: [] };
    this.projects.set(newId, project);
    return project;
  }

  addJob(job: NewJob): JobRecord {
    const project = this.projects.get(job.project);
    if (project === undefined) throw new Error(`There is no project ${job.project}`);
    const pipelineId = job.pipeline ?? this.#nextPipeline++;
    const record: JobRecord = {
      id: (10_000 + this.jobs.size) as JobId,
      project,
      name: job.name,
      stage: job.stage ?? 'test',
      ref: job.ref ?? 'main',
      sha: createHash('sha1').update(`${project.path} ${pipelineId}`).digest('hex'),
      pipelineId,
      tags: job.tags ?? [],
      createdAt: this.#clock.now(),
      status: 'created',
      queuedAt: undefined,
      startedAt: undefined,
      finishedAt: undefined,
      erasedAt: undefined,
      manager: undefined,
      trace: '',
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

  /** Newest first. */
  jobsOfRunner(runnerId: number): JobRecord[] {
    return [...this.jobs.values()].filter((job) => job.manager?.runnerId === runnerId).reverse();
  }

  knowsRunner(runnerId: number): boolean {
    return [...this.#managers.values()].some((manager) => manager.runnerId === runnerId);
  }

  enqueue(id: number): JobRecord {
    const job = this.#in(id, ['created']);
    job.status = 'pending';
    job.queuedAt = this.#clock.now();
    return job;
  }

  start(id: number, pickUp: PickUp): JobRecord {
    const job = this.#in(id, ['pending']);
    job.status = 'running';
    job.startedAt = this.#clock.now();
    job.manager = this.#manager(pickUp);
    return job;
  }

  finish(id: number, status: EndStatus, finishedAt: Millis | undefined): JobRecord {
    const job = this.#in(id, status === 'canceled' ? ['created', 'pending', 'running'] : ['running']);
    job.status = status;
    job.finishedAt = finishedAt ?? this.#clock.now();
    return job;
  }

  appendTrace(id: number, text: string): void {
    this.#in(id, ['running']).trace += text;
  }

  erase(id: number): void {
    const job = this.#in(id, ['success', 'failed', 'canceled']);
    job.erasedAt = this.#clock.now();
    job.trace = '';
  }

  #in(id: number, statuses: readonly JobStatus[]): JobRecord {
    const job = this.job(id);
    if (statuses.includes(job.status)) return job;
    throw new Error(`Job ${id} is ${job.status}, not ${statuses.join(' or ')}`);
  }

  #manager({ systemId, runnerId = 1, version = '19.3.0' }: PickUp): ManagerRecord {
    const key = `${runnerId} ${systemId}`;
    const known = this.#managers.get(key);
    if (known !== undefined) return known;
    const id = this.#managers.size + 1;
    const manager = { id, runnerId, systemId, version, createdAt: this.#clock.now() };
    this.#managers.set(key, manager);
    return manager;
  }
}
