import { projectPart, runnerPart, userPart } from './hook-parts.ts';
import type { Entity, Presenter } from './presenter.ts';
import type { JobRecord } from './records.ts';
import { duration, queuedDuration, rubyTime } from './times.ts';

/** The body of a Pipeline Hook as `Gitlab::DataBuilder::Pipeline` makes it, of all jobs of one pipeline. */
export function pipelineHookPayload(jobs: readonly JobRecord[], presenter: Presenter): Entity {
  const [first] = jobs;
  if (first === undefined) throw new Error('A pipeline without jobs sends no hook');
  const { project, pipelineId, ref, sha } = first;
  const status = pipelineStatus(jobs);
  return {
    object_kind: 'pipeline',
    object_attributes: {
      id: pipelineId,
      iid: pipelineId,
      name: null,
      ref,
      tag: false,
      sha,
      before_sha: '0000000000000000000000000000000000000000',
      source: 'push',
      status,
      detailed_status: status,
      stages: [...new Set(jobs.map(({ stage }) => stage))],
      created_at: rubyTime(first.createdAt),
      finished_at: null,
      duration: null,
      queued_duration: null,
      variables: [],
      url: `${presenter.baseUrl}/${project.path}/-/pipelines/${pipelineId}`,
    },
    merge_request: null,
    user: userPart,
    project: projectPart(project, presenter),
    commit: { id: sha, message: 'Build it', title: 'Build it' },
    builds: jobs.map((job) => build(job, presenter)),
  };
}

function build(job: JobRecord, presenter: Presenter): Entity {
  return {
    id: job.id,
    stage: job.stage,
    name: job.name,
    status: job.status,
    created_at: rubyTime(job.createdAt),
    started_at: rubyTime(job.startedAt),
    finished_at: rubyTime(job.finishedAt),
    duration: duration(job, presenter.now),
    queued_duration: queuedDuration(job),
    failure_reason: job.status === 'failed' ? 'script_failure' : null,
    when: job.isManual ? 'manual' : 'on_success',
    manual: job.isManual,
    allow_failure: job.isManual,
    user: userPart,
    runner: runnerPart(job),
    artifacts_file: { filename: null, size: null },
    environment: null,
  };
}

/** Roughly GitLab's composite status: what is furthest from its end decides. */
function pipelineStatus(jobs: readonly JobRecord[]): string {
  const statuses = new Set(jobs.filter(({ status }) => status !== 'manual').map(({ status }) => status));
  const order = ['running', 'pending', 'created', 'failed', 'canceled', 'success'] as const;
  return order.find((status) => statuses.has(status)) ?? 'manual';
}
