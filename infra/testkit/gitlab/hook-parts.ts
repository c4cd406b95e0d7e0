import type { ProjectRecord } from './namespaces.ts';
import type { Presenter } from './presenter.ts';
import { lastPart } from './project-entity.ts';
import type { JobRecord } from './records.ts';

/** `User#hook_attrs`. */
export const userPart = {
  id: 1,
  name: 'Administrator',
  username: 'root',
  avatar_url: null,
  email: '[REDACTED]',
} as const;

/** The runner's record, shared by all its managers; null before a runner took the job. */
export function runnerPart(job: JobRecord): unknown {
  const runner = job.manager?.runner;
  if (runner === undefined) return null;
  return {
    id: runner.id,
    description: runner.description,
    runner_type: runner.type,
    active: true,
    is_shared: runner.type === 'instance_type',
    tags: job.tags,
  };
}

/** `Project#hook_attrs`. */
export function projectPart(of: ProjectRecord, { baseUrl }: Presenter): unknown {
  return {
    id: of.id,
    name: lastPart(of.path),
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

export function repositoryPart(of: ProjectRecord, { baseUrl }: Presenter): unknown {
  const ssh = `git@${new URL(baseUrl).hostname}:${of.path}.git`;
  return {
    name: lastPart(of.path),
    url: ssh,
    description: null,
    homepage: `${baseUrl}/${of.path}`,
    git_http_url: `${baseUrl}/${of.path}.git`,
    git_ssh_url: ssh,
    visibility_level: 0,
  };
}
