import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@sideband/shared/clock';
import type { JobId, ProjectId, SystemId } from '@sideband/shared/names';
import type { GitLabStandIn } from '../testkit/gitlab/stand-in.ts';
import type { RunnerEngine } from '../testkit/runner/engine.ts';
import type { PullFailure, RunnerEvent, RunningJob } from '../testkit/runner/job-run.ts';
import { finishJob, startJob } from '../testkit/runner/run-job.ts';
import { countPulls } from './count-pulls.ts';
import type { Week } from './week/load-week.ts';
import type { SimulatedStep } from './week/simulate.ts';

/** One use that the runner made, by which job: what the evidence must know in the end. */
interface MadeUse {
  readonly job: JobId;
  readonly image: number;
  readonly imageId: string;
}

export interface DemoJob {
  readonly image: number;
  readonly running: RunningJob;
}

interface RunnerTally {
  readonly jobs: number;
  readonly running: number;
  readonly repulls: number;
  readonly jobsFailed: number;
  readonly imagesLostInUse: number;
  readonly pullsWithoutSpace: number;
  readonly pullsRecovered: number;
}

export interface DemoRunner {
  /** Carries a job of this image to where its container exists; undefined if it failed on the way. */
  start(image: number): Promise<DemoJob | undefined>;
  finish(job: DemoJob): Promise<void>;
  /** Images that some running job has a container of. */
  imagesInUse(): ReadonlySet<number>;
  tally(): RunnerTally;
  /** Pulls in their order; evictions are written between them by whoever reads the journal. */
  readonly sequence: SimulatedStep[];
  readonly uses: readonly MadeUse[];
}

export interface DemoRunnerOptions {
  readonly gitlab: GitLabStandIn;
  readonly engine: RunnerEngine;
  readonly week: Week;
  readonly systemId: SystemId;
  /** From the pull to the container, as when sources are fetched. */
  readonly gapMs: number;
  /** Called when a pull met a full disk; the next try follows. */
  readonly makeRoom: (image: number) => Promise<void>;
}

/** Starting each container would cost 0.2 s of both cores (measured), so most are only created. */
const START_EVERY = 10;
const TRIES = 4;

/** A runner manager that runs jobs of the week's images, as gitlab-runner's docker executor would. */
export function createDemoRunner(options: DemoRunnerOptions): DemoRunner {
  const { gitlab, week, gapMs } = options;
  const projects = new Map<string, ProjectId>();
  const uses: MadeUse[] = [];
  const sequence: SimulatedStep[] = [];
  const pulled = new Set<number>();
  const inUse = new Map<number, number>();
  const counts = {
    jobs: 0,
    running: 0,
    repulls: 0,
    jobsFailed: 0,
    imagesLostInUse: 0,
    pullsWithoutSpace: 0,
    pullsRecovered: 0,
  };
  const runner = {
    name: 'demonstration',
    shortToken: 'sideband1',
    systemId: options.systemId,
    version: '19.3.0',
    revision: '1f7b0b7a',
    runnerId: 1,
    hostname: 'demonstration',
  };

  const numbers = new Map([...week.images].map(([number, image]) => [image.reference, number]));
  const engine = countPulls(options.engine, (reference) => {
    const image = numbers.get(reference) ?? 0;
    sequence.push(['pull', image]);
    if (pulled.has(image)) counts.repulls += 1;
    pulled.add(image);
  });
  const projectOf = (path: string): ProjectId => {
    const known = projects.get(path);
    if (known !== undefined) return known;
    const made = gitlab.createProject({ path });
    projects.set(path, made);
    return made;
  };
  const note = (image: number, job: JobId, failures: PullFailure[]) => (event: RunnerEvent) => {
    switch (event.kind) {
      case 'pulled':
        counts.pullsRecovered += failures.length;
        uses.push({ job, image, imageId: event.id });
        break;
      case 'found':
        uses.push({ job, image, imageId: event.id });
        break;
      case 'repulled':
      case 'create-failed-image-missing':
        counts.imagesLostInUse += 1;
        break;
      case 'pull-failed':
        if (event.noSpace) {
          counts.pullsWithoutSpace += 1;
          failures.push(event);
        }
        break;
      case 'job-failed':
        counts.jobsFailed += 1;
        break;
    }
  };
  return {
    sequence,
    uses,
    imagesInUse: () => new Set(inUse.keys()),
    tally: () => ({ ...counts }),
    start: async (image) => {
      const reference = week.images.get(image)?.reference ?? '';
      const { project, name } = jobOf(reference);
      const job = gitlab.createJob({ project: projectOf(project), name });
      gitlab.pending(job);
      counts.jobs += 1;
      const failures: PullFailure[] = [];
      const running = await startJob({
        gitlab,
        engine,
        runner,
        clock: systemClock,
        job,
        image: reference,
        // As an operator would write it into config.toml to have failed pulls tried again.
        policies: Array.from({ length: TRIES }, () => 'if-not-present' as const),
        onPullFailed: async ({ noSpace }) => {
          if (noSpace) await options.makeRoom(image);
        },
        inPreparationGap: () => sleep(gapMs),
        start: counts.jobs % START_EVERY === 0,
        onEvent: note(image, job, failures),
      });
      if (running === undefined) return undefined;
      counts.running += 1;
      inUse.set(image, (inUse.get(image) ?? 0) + 1);
      return { image, running };
    },
    finish: async ({ image, running }) => {
      await finishJob(running, 'success');
      counts.running -= 1;
      const left = (inUse.get(image) ?? 1) - 1;
      if (left === 0) inUse.delete(image);
      else inUse.set(image, left);
    },
  };
}

/** The project whose registry an image is in, and a job named for what the image is for. */
function jobOf(reference: string): { readonly project: string; readonly name: string } {
  const [domain = '', ...path] = reference.slice(0, reference.lastIndexOf(':')).split('/');
  if (domain !== 'registry.freedesktop.org')
    return { project: 'freedesktop/ci-templates', name: path.join(' ') || domain };
  return { project: path.slice(0, 2).join('/'), name: path.slice(2).join(' ') };
}
