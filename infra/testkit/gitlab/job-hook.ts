import type { Millis } from '@sideband/shared/clock';
import { projectPart, repositoryPart, runnerPart, userPart } from './hook-parts.ts';
import type { Entity, Presenter } from './presenter.ts';
import type { JobRecord } from './records.ts';
import { duration, iso, isoSeconds, queuedDuration, rubyTime } from './times.ts';

/**
 * The body of a Job Hook as `Gitlab::DataBuilder::Build` makes it: from 18.x on with ISO times, before as Ruby prints
 * them. There is neither an image nor a machine in it.
 */
export function jobHookPayload(job: JobRecord, presenter: Presenter): Entity {
  const { createdAt, startedAt, finishedAt } = job;
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
    ...times(
      { build_created_at: createdAt, build_started_at: startedAt, build_finished_at: finishedAt },
      presenter,
    ),
    build_duration: duration(job, presenter.now),
    build_queued_duration: queuedDuration(job),
    build_allow_failure: false,
    build_failure_reason: job.status === 'failed' ? 'script_failure' : 'unknown_failure',
    pipeline_id: job.pipelineId,
    runner: runnerPart(job),
    project_id: job.project.id,
    project_name: job.project.path.split('/').join(' / '),
    user: userPart,
    commit: commit(job, presenter),
    repository: repositoryPart(job.project, presenter),
    project: projectPart(job.project, presenter),
    environment: null,
  };
}

/** Each time, and from 18.x on beside it the same in whole seconds. */
function times(of: Readonly<Record<string, Millis | undefined>>, { features }: Presenter): Entity {
  const isNew = features.has('isoTimes');
  const plain = Object.entries(of).map(([name, time]) => [name, isNew ? iso(time) : rubyTime(time)]);
  const precise = Object.entries(of).map(([name, time]) => [`${name}_iso`, isoSeconds(time)]);
  return Object.fromEntries(isNew ? [...plain, ...precise] : plain) as Entity;
}

/** Its `id` is the pipeline's, not the commit's. */
function commit(job: JobRecord, presenter: Presenter): unknown {
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
    ...times({ started_at: job.startedAt, finished_at: job.finishedAt }, presenter),
  };
}
