import type { Millis } from '@sideband/shared/clock';
import { parseGitLabTime } from '@sideband/shared/gitlab-time';
import { parseRunnerId } from '@sideband/shared/names';
import type { JobEvent } from './job-event.ts';
import { isRecord, type JsonObject, readId } from './read-json.ts';

/** GitLab's own limit of a job's name. */
const NAME_LIMIT = 255;

/** What a hook says of one job beside its status, not yet read. */
export interface SaidOfJob {
  readonly name: unknown;
  /** One moment in each of the forms it is sent in, the most exact first. */
  readonly createdAt: readonly unknown[];
  readonly startedAt: readonly unknown[];
  readonly finishedAt: readonly unknown[];
  readonly runner: unknown;
}

/**
 * The details with which GitLab is not asked for the job itself. Undefined where one that is there cannot be read, or
 * one that a job of this status must have is not there: then GitLab is asked, and nothing is guessed.
 */
export function readDetails(status: JobEvent['status'], said: SaidOfJob): JobEvent['details'] {
  const createdAt = readTime(said.createdAt);
  const startedAt = readTime(said.startedAt);
  const finishedAt = readTime(said.finishedAt);
  if (!isName(said.name) || typeof createdAt !== 'number') return undefined;
  if (startedAt === 'unreadable' || finishedAt === 'unreadable') return undefined;
  if (status === 'running' && startedAt === undefined) return undefined;
  if (status === 'ended' && finishedAt === undefined) return undefined;
  const runner = readId('runner.id', isRecord(said.runner) ? said.runner['id'] : undefined, parseRunnerId);
  return {
    name: said.name,
    createdAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(runner.ok ? { runner: runner.value } : {}),
  };
}

/** `build_created_at`, `build_created_at_iso` and the like: the second is newer and has no milliseconds. */
export function bothForms(body: JsonObject, field: string): readonly unknown[] {
  return [body[field], body[`${field}_iso`]];
}

function readTime(forms: readonly unknown[]): Millis | 'unreadable' | undefined {
  const given = forms.filter((form) => form !== undefined && form !== null);
  if (given.length === 0) return undefined;
  for (const form of given) {
    const time = typeof form === 'string' ? parseGitLabTime(form) : undefined;
    if (time !== undefined) return time;
  }
  return 'unreadable';
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= NAME_LIMIT;
}
