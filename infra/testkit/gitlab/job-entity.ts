import type { Entity, Presenter } from './presenter.ts';
import { projectIdentity } from './project-entity.ts';
import type { JobRecord } from './records.ts';
import { managerEntity, runnerEntity } from './runner-entity.ts';
import { duration, iso, queuedDuration } from './times.ts';

/** `API::Entities::Ci::Job`, what `/projects/:id/jobs` and `/projects/:id/jobs/:job_id` answer. */
export function jobEntity(job: JobRecord, presenter: Presenter): Entity {
  return {
    ...jobBasicEntity(job, presenter),
    artifacts: job.trace.length === 0 ? [] : [traceArtifact(job)],
    runner: job.manager === undefined ? null : runnerEntity(job.manager.runner),
    ...(presenter.features.has('runnerManagerOfJob') ? { runner_manager: managerOf(job) } : {}),
    artifacts_expire_at: null,
    archived: false,
    tag_list: [...job.tags].sort(),
  };
}

/** `API::Entities::Ci::JobBasicWithProject`, what `/runners/:id/jobs` answers: no runner and no manager in it. */
export function jobBasicWithProjectEntity(job: JobRecord, presenter: Presenter): Entity {
  return { ...jobBasicEntity(job, presenter), project: projectIdentity(job.project) };
}

export function jobUrl(job: JobRecord, baseUrl: string): string {
  return `${baseUrl}/${job.project.path}/-/jobs/${job.id}`;
}

function managerOf(job: JobRecord): Entity | null {
  if (job.manager === undefined) return null;
  const contactedAt = job.finishedAt ?? job.startedAt;
  return managerEntity(job.manager, { contactedAt, isBusy: job.status === 'running' });
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

function traceArtifact(job: JobRecord): Entity {
  return { file_type: 'trace', size: job.trace.length, filename: 'job.log', file_format: null };
}
