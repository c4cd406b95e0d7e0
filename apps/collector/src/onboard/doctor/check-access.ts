import { isSidebandError } from '@sideband/shared/errors';
import type { ProjectId } from '@sideband/shared/names';
import type { GitLab, GitLabJob } from '../../gitlab/port.ts';
import { type Finding, fine, problem, warning } from './finding.ts';

export interface Access {
  readonly findings: readonly Finding[];
  readonly projects: readonly ProjectId[];
}

/** A project without a job that ended says nothing; so many are tried. */
const TRIED_PROJECTS = 5;
/** Enough to judge by, and two minutes' budget at most. */
const COUNTED_PROJECTS = 10_000;

/** What the token may read, tried out on real jobs, and what each thing that it may not read costs. */
export async function checkAccess(gitlab: GitLab): Promise<Access> {
  const projects: ProjectId[] = [];
  for await (const project of gitlab.projects()) {
    projects.push(project);
    if (projects.length >= COUNTED_PROJECTS) break;
  }
  if (projects.length === 0) {
    const advice =
      'Make it a member (Reporter) of the groups whose jobs run on your hosts; without, no job can be read.';
    return { projects, findings: [problem('projects', 'the token is a member of no project', advice)] };
  }
  const seen = fine('projects', `the token sees ${projects.length} projects`);
  const job = await someEndedJob(gitlab, projects);
  if (job === undefined) {
    const text = 'no job that ended was found in the newest projects, so traces were not tried';
    return { projects, findings: [seen, fine('traces', text)] };
  }
  return {
    projects,
    findings: [seen, ...machineOf(job), await tryTrace(gitlab, job), await tryConfiguration(gitlab, job)],
  };
}

async function someEndedJob(gitlab: GitLab, projects: readonly ProjectId[]): Promise<GitLabJob | undefined> {
  for (const project of projects.slice(-TRIED_PROJECTS)) {
    try {
      let read = 0;
      for await (const job of gitlab.jobs(project, 'any')) {
        if (job.phase === 'ended' && job.startedAt !== undefined) return job;
        read += 1;
        if (read >= 100) break;
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return undefined;
}

function machineOf(job: GitLabJob): readonly Finding[] {
  if (job.systemId !== undefined) return [fine('machines', 'jobs name the runner manager that took them')];
  const advice =
    'GitLab before about 16.11 does not; the machine is read from the trace (runner 15.8 and later).';
  return [warning('machines', 'jobs do not name the runner manager that took them', advice)];
}

async function tryTrace(gitlab: GitLab, job: GitLabJob): Promise<Finding> {
  try {
    for await (const _ of gitlab.trace(job.project, job.id)) break;
    return fine('traces', 'job logs can be read: images are known exactly');
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const advice =
      'Images then come from the CI configuration, which is weaker evidence: no digests, no helper, nothing of the runner’s own default. Give the token the role Reporter (Developer where jobs have debug traces).';
    return warning('traces', 'job logs are refused', advice);
  }
}

async function tryConfiguration(gitlab: GitLab, job: GitLabJob): Promise<Finding> {
  if (job.commit === undefined) return fine('configuration', 'the newest job has no commit to try');
  try {
    await gitlab.configuration(job.project, job.commit);
    return fine('configuration', 'the merged CI configuration can be read, should a log be missing');
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const advice = 'Jobs whose log is erased or refused then leave no evidence. Reporter is enough for it.';
    return warning('configuration', 'the merged CI configuration is refused', advice);
  }
}

export function isRefusal(error: unknown): boolean {
  return isSidebandError(error, 'GITLAB_REFUSED') || isSidebandError(error, 'GITLAB_NOT_FOUND');
}
