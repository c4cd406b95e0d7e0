import { createHash } from 'node:crypto';
import type { JobRequest } from '../gitlab/stand-in.ts';
import type { RunnerIdentity } from './job-run.ts';

const PREFIX = 'com.gitlab.gitlab-runner.';

/** The labels of executors/docker/internal/labels, with the object's own (`type`, `service`, …) added. */
export function containerLabels(
  job: JobRequest,
  runner: RunnerIdentity,
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const labels = {
    'job.id': String(job.id),
    'job.url': job.url,
    'job.sha': job.sha,
    'job.before_sha': '0000000000000000000000000000000000000000',
    'job.ref': job.ref,
    'job.timeout': '1h0m0s',
    'project.id': String(job.project),
    'project.runner_id': '0',
    'pipeline.id': String(job.pipeline),
    'runner.id': runner.shortToken,
    'runner.local_id': String(runner.slot ?? 0),
    'runner.system_id': runner.systemId,
    managed: 'true',
    ...own,
  };
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [PREFIX + name, value]));
}

/** `runner-xs6vzpvoq-project-42-concurrent-0`: the containers' host name, and how their names begin. */
export function containerHostname(job: JobRequest, runner: RunnerIdentity): string {
  const short = runner.shortToken.toLowerCase().replaceAll(/[^a-z0-9-]/g, '');
  return `runner-${short}-project-${job.project}-concurrent-${runner.slot ?? 0}`;
}

/** `suffix` is `build`, `predefined`, or of a service. The 16 digits are random with the runner, the job's own here. */
export function containerName(job: JobRequest, runner: RunnerIdentity, suffix: string): string {
  const digits = createHash('sha256').update(job.url).digest('hex').slice(0, 16);
  return `${containerHostname(job, runner)}-${digits}-${suffix}`;
}
