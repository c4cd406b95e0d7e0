import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId, ProjectId, SystemId } from '@sideband/shared/names';
import type { NewRunnerJob } from '../testkit/gitlab/runner-api/job-specification.ts';
import { startGitLabRunner } from '../testkit/runner/gitlab-runner.ts';
import { makeHelperImage, makeShellImage } from '../testkit/runner/shell-image.ts';
import { type Sandbox, startSandbox } from '../testkit/sandbox.ts';
import { openLedger } from '../testkit/sweep.ts';
import { temporaryDirectory } from '../testkit/temporary-directory.ts';
import { until } from '../testkit/until.ts';
import type { Fleet } from './fleet.ts';

export const HELPER = 'registry.example.com/runner/helper:1';
export const APP = 'registry.example.com/team/app:1';
export const DATABASE = 'registry.example.com/team/database:16';
/** A runner takes a second or two for each of its containers, and tells of its log every three. */
export const PATIENCE = { timeoutMs: 120_000, everyMs: 200 };
const TOKEN = 'only-looks';

interface JobEntity {
  readonly status: string;
}

/** The real gitlab-runner on an engine of its own, at work for the fleet's GitLab. */
export interface GitLabRunnerWorld {
  readonly sandbox: Sandbox;
  /** Of the images, by their references. */
  readonly ids: ReadonlyMap<string, string>;
  readonly project: ProjectId;
  readonly runnerId: number;
  /** A job that runs until its gate is opened. */
  createJob(job: Omit<NewRunnerJob, 'project' | 'script'>): JobId;
  openGate(name: string): Promise<void>;
  /** What REST says. */
  show(path: string): Promise<unknown>;
  /** The job as REST shows it after its end; throws with its log when it did not succeed. */
  ended(job: JobId): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startGitLabRunnerWorld(fleet: Fleet, systemId: SystemId): Promise<GitLabRunnerWorld> {
  const { gitlab } = fleet;
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    const { path: directory, remove } = await temporaryDirectory('gitlab-runner');
    undo.push(remove);
    const ledger = await openLedger(directory);
    const gates = join(directory, 'gates');
    await mkdir(gates);
    const sandbox = await startSandbox({
      ...{ directory: join(directory, 'engine'), diskBytes: 300_000_000, ledger },
    });
    undo.push(sandbox.stop);
    const ids = new Map([[HELPER, await makeHelperImage(sandbox.docker, HELPER)]]);
    for (const name of [APP, DATABASE]) ids.set(name, await makeShellImage(sandbox.docker, name));

    const project = gitlab.createProject({ path: 'team/app' });
    gitlab.addToken({ token: TOKEN, scopes: ['read_api'], role: 'admin' });
    const runnerId = gitlab.createRunner({});
    const runner = await startGitLabRunner({
      ...{ directory: join(directory, 'runner'), url: gitlab.url, token: gitlab.runnerToken(runnerId) },
      ...{ systemId, socketPath: sandbox.socketPath, image: APP, helper: HELPER, ledger },
      volumes: [`${gates}:/gates:ro`],
    });
    undo.push(() => runner.stop(30_000));

    const get = (path: string): Promise<Response> =>
      fetch(`${gitlab.url}/api/v4${path}`, { headers: { 'PRIVATE-TOKEN': TOKEN } });
    const endOf = async (job: JobId): Promise<JobEntity | false> => {
      const entity = (await (await get(`/projects/${project}/jobs/${job}`)).json()) as JobEntity;
      return !['pending', 'running'].includes(entity.status) && entity;
    };
    return {
      ...{ sandbox, ids, project, runnerId, stop },
      createJob: (job) =>
        gitlab.createRunnerJob({
          ...job,
          project,
          script: ['echo at work', `until [ -e /gates/${job.name} ]; do sleep 1; done`],
        }),
      openGate: (name) => writeFile(join(gates, name), ''),
      show: async (path) => (await get(path)).json(),
      async ended(job) {
        const entity = await until(`the end of job ${job}`, () => endOf(job), PATIENCE);
        if (entity.status === 'success') return entity;
        const log = await (await get(`/projects/${project}/jobs/${job}/trace`)).text();
        throw new Error(`Job ${job} is ${entity.status}:\n${log}\n${await runner.logTail()}`);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
