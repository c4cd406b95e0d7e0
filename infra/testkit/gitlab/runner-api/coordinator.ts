import { randomBytes } from 'node:crypto';
import type { JobId } from '@sideband/shared/names';
import type { JobPanel } from '../panel.ts';
import type { JobRecord, Records } from '../records.ts';
import { isBelow } from '../roles.ts';
import type { PickUp, RunnerRecord } from '../runners.ts';
import type { NewRunnerJob } from './job-specification.ts';
import { RunnerTokens } from './runner-tokens.ts';

/** What a final update is answered instead of 200: come again, or send the log once more from its beginning. */
export type Delay = 202 | 412;

/** A job for a runner, with the token that the runner then speaks of it by. */
interface RunnerJob {
  readonly token: string;
  readonly job: NewRunnerJob;
  readonly record: JobRecord;
}

/** Hands jobs to runners. What happens to these jobs is told as the control panel tells it. */
export class Coordinator {
  readonly tokens = new RunnerTokens();
  readonly #records: Records;
  readonly #panel: JobPanel;
  readonly #jobs = new Map<number, RunnerJob>();
  #delays: Delay[] = [];

  constructor(records: Records, panel: JobPanel) {
    this.#records = records;
    this.#panel = panel;
  }

  /** Pending from now on. */
  add(job: NewRunnerJob): JobId {
    const id = this.#panel.createJob({ project: job.project, name: job.name });
    const token = randomBytes(10).toString('hex');
    this.#jobs.set(id, { token, job, record: this.#records.job(id) });
    this.#panel.pending(id);
    return id;
  }

  /** Changes when there is a new job: a runner that has seen this value need not be looked for again. */
  get lastUpdate(): string {
    return String(this.#jobs.size);
  }

  register(description: string | undefined): RunnerRecord {
    return this.#records.runners.add(description === undefined ? {} : { description });
  }

  /** The runner is gone, and so are its jobs for whoever asks for them by it. */
  unregister(token: string, runner: RunnerRecord): void {
    this.tokens.forget(token);
    this.#records.runners.remove(runner.id);
  }

  contact(pickUp: PickUp): void {
    this.#records.runners.contact(pickUp);
  }

  /** The oldest pending job that the runner is for; it runs from now on. */
  take(runner: RunnerRecord, pickUp: PickUp): RunnerJob | undefined {
    for (const job of this.#jobs.values()) {
      if (job.record.status !== 'pending' || !isFor(runner, job.record)) continue;
      this.#panel.running(job.record.id, pickUp);
      return job;
    }
    return undefined;
  }

  /** Also of jobs that have ended; not of those whose project is gone. */
  job(id: number): RunnerJob | undefined {
    return this.#records.jobs.has(id) ? this.#jobs.get(id) : undefined;
  }

  /** Appends to the log if it is exactly so long already; answers how long it is then, in bytes. */
  append({ record }: RunnerJob, from: number, bytes: Uint8Array): number {
    if (record.trace.length === from) this.#panel.writeTrace(record.id, bytes);
    return record.trace.length;
  }

  delayEnds(count: number, delay: Delay): void {
    for (let left = count; left > 0; left -= 1) this.#delays.push(delay);
  }

  /** Ends the job, unless that is to be delayed. */
  end({ record }: RunnerJob, status: 'success' | 'failed'): Delay | undefined {
    const delay = this.#delays.shift();
    if (delay === undefined) this.#panel.finish(record.id, status);
    if (delay === 412) record.trace = Buffer.alloc(0);
    return delay;
  }
}

function isFor(runner: RunnerRecord, { project }: JobRecord): boolean {
  return runner.type === 'instance_type' || isBelow(project.path, runner.owners);
}
