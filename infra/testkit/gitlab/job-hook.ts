import { duration, iso, type Presenter, queuedDuration } from './entities.ts';
import type { JobRecord, ManagerRecord, ProjectRecord } from './records.ts';

/**
 * The body of a Job Hook as `Gitlab::DataBuilder::Build` makes it, with the `_iso` fields of 19.x.
 * There is neither an image nor a machine in it: `runner` is the runner's record, shared by all its managers.
 */
export function jobHookPayload(job: JobRecord, presenter: Presenter): Readonly<Record<string, unknown>> {
  const created = iso(job.createdAt);
  const started = iso(job.startedAt);
  const finished = iso(job.finishedAt);
  return {
    object_kind: 'build',
    ref: job.ref,
    tag: false,
    before_sha: '0000000000000000000000000000000000000000',
    sha: job.sha,
    retries_count: 0,
    build_id: job.id,
    build_name: job.name,
    build_stage: job.stage,
    build_status: job.status,
    build_created_at: created,
    build_started_at: started,
    build_finished_at: finished,
    build_created_at_iso: wholeSeconds(created),
    build_started_at_iso: wholeSeconds(started),
    build_finished_at_iso: wholeSeconds(finished),
    build_duration: duration(job, presenter.now),
    build_queued_duration: queuedDuration(job),
    build_allow_failure: false,
    build_failure_reason: job.status === 'failed' ? 'script_failure' : 'unknown_failure',
    pipeline_id: job.pipelineId,
    runner: job.manager === undefined ? null : runner(job.manager, job),
    project_id: job.project.id,
    project_name: job.project.path.split('/').join(' / '),
    user: {
      id: 1,
      name: 'Administrator',
      username: 'root',
      avatar_url: null,
      email: '[REDACTED]',
    },
    commit: commit(job, started, finished),
    repository: repository(job.project, presenter),
    project: project(job.project, presenter),
    environment: null,
  };
}

function wholeSeconds(time: string | null): string | null {
  return time === null ? null : time.replace(/\.\d+Z$/, 'Z');
}

function runner(manager: ManagerRecord, job: JobRecord): unknown {
  return {
    id: manager.runnerId,
    description: `runner ${manager.runnerId}`,
    runner_type: 'instance_type',
    active: true,
    is_shared: true,
    tags: job.tags,
  };
}

/** Its `id` is the pipeline's, not the commit's. */
function commit(job: JobRecord, started: string | null, finished: string | null): unknown {
  return {
    id: job.pipelineId,
    name: null,
    sha: job.sha,
    message: 'Build it',
    author_name: 'Administrator',
    author_email: 'admin@example.com',
    author_url: 'mailto:admin@example.com',
    status: job.status,
    duration: null,
    started_at: started,
    finished_at: finished,
    started_at_iso: wholeSeconds(started),
    finished_at_iso: wholeSeconds(finished),
  };
}

function repository(of: ProjectRecord, { baseUrl }: Presenter): unknown {
  const ssh = `git@${new URL(baseUrl).hostname}:${of.path}.git`;
  return {
    name: of.path.split('/').at(-1),
    url: ssh,
    description: null,
    homepage: `${baseUrl}/${of.path}`,
    git_http_url: `${baseUrl}/${of.path}.git`,
    git_ssh_url: ssh,
    visibility_level: 0,
  };
}

function project(of: ProjectRecord, { baseUrl }: Presenter): unknown {
  return {
    id: of.id,
    name: of.path.split('/').at(-1),
    description: null,
    web_url: `${baseUrl}/${of.path}`,
    avatar_url: null,
    git_ssh_url: `git@${new URL(baseUrl).hostname}:${of.path}.git`,
    git_http_url: `${baseUrl}/${of.path}.git`,
    namespace: of.path.split('/').at(0),
    visibility_level: 0,
    path_with_namespace: of.path,
    default_branch: 'main',
    ci_config_path: null,
  };
}
