import type { JobRecord } from '../records.ts';

type PullPolicy = 'always' | 'if-not-present' | 'never';

/** A job that a runner is to take through the runners' own API. */
export interface NewRunnerJob {
  readonly project: number;
  readonly name: string;
  /** The runner's own default unless told. Variables in it are the runner's to expand. */
  readonly image?: string;
  readonly services?: readonly string[];
  readonly script: readonly string[];
  /** Besides a few of those that GitLab predefines, and instead of them where the name is the same. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Of the image and of the services; as the runner's configuration says unless told. */
  readonly pullPolicy?: PullPolicy;
  /** Seconds; an hour unless told. */
  readonly timeout?: number;
}

interface SpecificationOptions {
  readonly job: NewRunnerJob;
  readonly record: JobRecord;
  /** The job's own. */
  readonly token: string;
  /** `http://127.0.0.1:PORT` */
  readonly baseUrl: string;
}

/** What the answer to `POST /jobs/request` says of a job: `API::Entities::Ci::JobRequest::Response`. */
export function jobSpecification(options: SpecificationOptions): Readonly<Record<string, unknown>> {
  const { job, record, token, baseUrl } = options;
  const { timeout = 3_600 } = job;
  const policy = job.pullPolicy === undefined ? {} : { pull_policy: [job.pullPolicy] };
  const asImage = (name: string): unknown => ({ name, ...policy });
  return {
    id: record.id,
    token,
    allow_git_fetch: true,
    job_info: {
      id: record.id,
      name: record.name,
      stage: record.stage,
      project_id: record.project.id,
      project_name: record.project.path.split('/').at(-1),
      pipeline_id: record.pipelineId,
    },
    git_info: {
      repo_url: repositoryUrl(options),
      ref: record.ref,
      sha: record.sha,
      before_sha: '0'.repeat(40),
      ref_type: 'branch',
      refspecs: [`+refs/heads/${record.ref}:refs/remotes/origin/${record.ref}`],
      depth: 20,
    },
    runner_info: { timeout, runner_session_url: null },
    variables: Object.entries({ ...predefined(record, baseUrl), ...job.variables }).map(([key, value]) => ({
      ...{ key, value },
      ...{ public: true, masked: false },
    })),
    steps: [{ name: 'script', script: job.script, timeout, when: 'on_success', allow_failure: false }],
    hooks: [],
    image: job.image === undefined ? null : asImage(job.image),
    services: (job.services ?? []).map(asImage),
    artifacts: [],
    cache: [],
    credentials: [],
    dependencies: [],
    features: { trace_sections: true, failure_reasons: ['script_failure', 'runner_system_failure'] },
  };
}

/** The runner makes the `job.url` of its labels from this. */
function repositoryUrl({ record, token, baseUrl }: SpecificationOptions): string {
  const url = new URL(`${baseUrl}/${record.project.path}.git`);
  url.username = 'gitlab-ci-token';
  url.password = token;
  return url.href;
}

function predefined(record: JobRecord, baseUrl: string): Readonly<Record<string, string>> {
  return {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_SERVER_URL: baseUrl,
    CI_PROJECT_ID: String(record.project.id),
    CI_PROJECT_PATH: record.project.path,
    CI_PIPELINE_ID: String(record.pipelineId),
    CI_JOB_ID: String(record.id),
    CI_JOB_NAME: record.name,
    CI_COMMIT_REF_NAME: record.ref,
    CI_COMMIT_SHA: record.sha,
    // There is no repository at that URL.
    GIT_STRATEGY: 'none',
  };
}
