import type { Role } from '@sideband/shared/evidence/model';
import {
  type InstanceName,
  type JobId,
  type JobKey,
  type ProjectId,
  parseInstanceName,
  parseJobId,
  parseProjectId,
  parseSystemId,
  type SystemId,
} from '@sideband/shared/names';

/** The job a container belongs to, as its labels say. */
export interface LabelledJob {
  readonly job: JobId;
  readonly project: ProjectId;
  /** Host (and port) of `job.url`, in lower case: `gitlab.example.com`. */
  readonly gitlab: string;
  /** `https://gitlab.example.com/group/project`, as it is written in `job.url`. */
  readonly projectUrl: string;
}

/** What a container's labels say of it. All undefined, and the role `container`: it is none of the runner's. */
export interface LabelledContainer {
  readonly role: Exclude<Role, 'image'>;
  readonly job: LabelledJob | undefined;
  /** From runner 18.4 on. */
  readonly manager: SystemId | undefined;
}

export type Labels = Readonly<Record<string, string>>;

const PREFIX = 'com.gitlab.gitlab-runner.';
// 16 digits reach beyond the largest safe integer, which the parsers of names refuse.
const ID = /^[1-9][0-9]{0,15}$/;
const MAX_URL_LENGTH = 1_024;
// A GitLab path's characters only; a GitLab below a path of its host has more parts, so their number is left open.
const JOB_URL =
  /^https?:\/\/(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?((?:\/[\w.-]+){2,})\/-\/jobs\/([0-9]{1,16})$/;

/**
 * Reads the labels that gitlab-runner puts on each of its containers (executors/docker/internal/labels). Anybody who
 * reaches the engine's socket can write the same, so what does not parse as a whole is taken for not there.
 */
export function readRunnerLabels(labels: Labels): LabelledContainer {
  const job = readJob(labels);
  const manager = parseSystemId(labelOf(labels, 'runner.system_id'));
  const isRunners = ['type', 'managed', 'job.id'].some((name) => labelOf(labels, name) !== '');
  return {
    role: isRunners ? roleOf(labelOf(labels, 'type')) : 'container',
    job,
    manager: manager.ok ? manager.value : undefined,
  };
}

/** What the job is called in the evidence. Undefined where its GitLab's address makes no name for an instance. */
export function jobKeyOf(
  { gitlab, project, job }: LabelledJob,
  instanceAt: (gitlab: string) => InstanceName | undefined,
): JobKey | undefined {
  const known = instanceAt(gitlab);
  if (known !== undefined) return { instance: known, project, job };
  const named = parseInstanceName(gitlab.replace(/:[0-9]+$/, ''));
  return named.ok ? { instance: named.value, project, job } : undefined;
}

/** `predefined`, `wait`, `cache-init` and whatever comes later run the helper image. */
function roleOf(type: string): LabelledContainer['role'] {
  return type === 'build' || type === 'service' ? type : 'helper';
}

function readJob(labels: Labels): LabelledJob | undefined {
  const job = parseJobId(idOf(labels, 'job.id'));
  const project = parseProjectId(idOf(labels, 'project.id'));
  const url = labelOf(labels, 'job.url');
  const [, path, jobInUrl] = url.length > MAX_URL_LENGTH ? [] : (JOB_URL.exec(url) ?? []);
  if (!job.ok || !project.ok || path === undefined || Number(jobInUrl) !== job.value) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // Parts like `..` would make it another project's address than the one that is read.
  if (parsed === undefined || !parsed.pathname.startsWith(`${path}/-/`)) return undefined;
  const projectUrl = url.slice(0, url.lastIndexOf('/-/jobs/'));
  return { job: job.value, project: project.value, gitlab: parsed.host, projectUrl };
}

function idOf(labels: Labels, name: string): number | undefined {
  const text = labelOf(labels, name);
  return ID.test(text) ? Number(text) : undefined;
}

function labelOf(labels: Labels, name: string): string {
  const key = PREFIX + name;
  return Object.hasOwn(labels, key) ? (labels[key] ?? '') : '';
}
