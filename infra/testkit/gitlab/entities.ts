import type { Millis } from '@sideband/shared/clock';
import type { JobRecord, ManagerRecord, ProjectRecord } from './records.ts';

/** What `/version` says. */
export const gitlabVersion = { version: '19.3.0-ee', revision: 'a1b2c3d4e5f' } as const;

export interface Presenter {
  /** `http://127.0.0.1:8080`, without a slash at the end. */
  readonly baseUrl: string;
  readonly now: Millis;
}

type Entity = Readonly<Record<string, unknown>>;

/** `API::Entities::Ci::Job`, what `/projects/:id/jobs` and `/projects/:id/jobs/:job_id` answer. */
export function jobEntity(job: JobRecord, presenter: Presenter): Entity {
  return {
    ...jobBasicEntity(job, presenter),
    artifacts: job.trace === '' ? [] : [traceArtifact(job)],
    runner: job.manager === undefined ? null : runnerEntity(job.manager),
    runner_manager: job.manager === undefined ? null : managerEntity(job.manager, job),
    artifacts_expire_at: null,
    archived: false,
    tag_list: [...job.tags].sort(),
  };
}

/** `API::Entities::Ci::JobBasicWithProject`, what `/runners/:id/jobs` answers: no runner and no manager in it. */
export function jobBasicWithProjectEntity(job: JobRecord, presenter: Presenter): Entity {
  return { ...jobBasicEntity(job, presenter), project: projectIdentity(job.project) };
}

/** `API::Entities::BasicProjectDetails`: what `simple=true` answers. */
export function simpleProjectEntity(project: ProjectRecord, { baseUrl }: Presenter): Entity {
  const url = `${baseUrl}/${project.path}`;
  return {
    ...projectIdentity(project),
    default_branch: 'main',
    tag_list: [],
    topics: [],
    ssh_url_to_repo: `git@${new URL(baseUrl).hostname}:${project.path}.git`,
    http_url_to_repo: `${url}.git`,
    web_url: url,
    readme_url: `${url}/-/blob/main/README.md`,
    forks_count: 0,
    avatar_url: null,
    star_count: 0,
    last_activity_at: iso(project.createdAt),
    namespace: namespace(project, baseUrl),
  };
}

/** `API::Entities::Project`, shortened to what has to do with jobs. */
export function projectEntity(project: ProjectRecord, presenter: Presenter): Entity {
  return {
    ...simpleProjectEntity(project, presenter),
    archived: false,
    visibility: 'private',
    jobs_enabled: true,
    builds_access_level: 'enabled',
    public_jobs: false,
    shared_runners_enabled: true,
    ci_config_path: '',
    build_timeout: 3_600,
    permissions: {
      project_access: { access_level: project.access === 'guest' ? 10 : 20, notification_level: 3 },
      group_access: null,
    },
  };
}

export function jobUrl(job: JobRecord, baseUrl: string): string {
  return `${baseUrl}/${job.project.path}/-/jobs/${job.id}`;
}

/** Seconds run so far, as GitLab counts them; null before the start. */
export function duration(job: JobRecord, now: Millis): number | null {
  return job.startedAt === undefined ? null : ((job.finishedAt ?? now) - job.startedAt) / 1_000;
}

/** Seconds waited for a runner; null before the pick-up. */
export function queuedDuration(job: JobRecord): number | null {
  return job.startedAt === undefined || job.queuedAt === undefined
    ? null
    : (job.startedAt - job.queuedAt) / 1_000;
}

/** GitLab's JSON time, in milliseconds; null for what has not happened. */
export function iso(time: Millis | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function jobBasicEntity(job: JobRecord, { baseUrl, now }: Presenter): Entity {
  return {
    id: job.id,
    status: job.status,
    stage: job.stage,
    name: job.name,
    ref: job.ref,
    tag: false,
    coverage: null,
    allow_failure: false,
    created_at: iso(job.createdAt),
    started_at: iso(job.startedAt),
    finished_at: iso(job.finishedAt),
    erased_at: iso(job.erasedAt),
    duration: duration(job, now),
    queued_duration: queuedDuration(job),
    user: userEntity(baseUrl),
    commit: commitEntity(job, baseUrl),
    pipeline: pipelineEntity(job, baseUrl),
    ...(job.status === 'failed' ? { failure_reason: 'script_failure' } : {}),
    web_url: jobUrl(job, baseUrl),
    project: { ci_job_token_scope_enabled: false },
  };
}

function userEntity(baseUrl: string): Entity {
  return {
    id: 1,
    username: 'root',
    public_email: null,
    name: 'Administrator',
    state: 'active',
    locked: false,
    avatar_url: null,
    web_url: `${baseUrl}/root`,
  };
}

function commitEntity(job: JobRecord, baseUrl: string): Entity {
  const at = iso(job.createdAt);
  return {
    id: job.sha,
    short_id: job.sha.slice(0, 8),
    created_at: at,
    parent_ids: [],
    title: 'Build it',
    message: 'Build it',
    author_name: 'Administrator',
    author_email: 'admin@example.com',
    authored_date: at,
    committer_name: 'Administrator',
    committer_email: 'admin@example.com',
    committed_date: at,
    trailers: {},
    extended_trailers: {},
    web_url: `${baseUrl}/${job.project.path}/-/commit/${job.sha}`,
  };
}

function pipelineEntity(job: JobRecord, baseUrl: string): Entity {
  return {
    id: job.pipelineId,
    iid: job.pipelineId,
    project_id: job.project.id,
    sha: job.sha,
    ref: job.ref,
    status: job.status,
    source: 'push',
    created_at: iso(job.createdAt),
    updated_at: iso(job.finishedAt ?? job.startedAt ?? job.createdAt),
    web_url: `${baseUrl}/${job.project.path}/-/pipelines/${job.pipelineId}`,
  };
}

function runnerEntity(manager: ManagerRecord): Entity {
  return {
    id: manager.runnerId,
    description: `runner ${manager.runnerId}`,
    ip_address: '',
    active: true,
    paused: false,
    is_shared: true,
    runner_type: 'instance_type',
    name: 'gitlab-runner',
    online: true,
    status: 'online',
  };
}

function managerEntity(manager: ManagerRecord, job: JobRecord): Entity {
  return {
    id: manager.id,
    system_id: manager.systemId,
    version: manager.version,
    revision: 'abcdef12',
    platform: 'linux',
    architecture: 'amd64',
    created_at: iso(manager.createdAt),
    contacted_at: iso(job.finishedAt ?? job.startedAt),
    ip_address: '127.0.0.1',
    status: 'online',
    job_execution_status: job.status === 'running' ? 'active' : 'idle',
  };
}

function traceArtifact(job: JobRecord): Entity {
  return { file_type: 'trace', size: Buffer.byteLength(job.trace), filename: 'job.log', file_format: null };
}

function projectIdentity(project: ProjectRecord): Entity {
  const name = project.path.split('/').at(-1) ?? '';
  return {
    id: project.id,
    description: null,
    name,
    name_with_namespace: project.path.split('/').join(' / '),
    path: name,
    path_with_namespace: project.path,
    created_at: iso(project.createdAt),
  };
}

function namespace(project: ProjectRecord, baseUrl: string): Entity {
  const path = project.path.split('/').slice(0, -1).join('/');
  return {
    id: 1,
    name: path,
    path,
    kind: 'group',
    full_path: path,
    parent_id: null,
    avatar_url: null,
    web_url: `${baseUrl}/groups/${path}`,
  };
}
