import { Jobs, Projects } from '@gitbeaker/rest';
import { type Clock, systemClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { type InstanceName, type JobId, type ProjectId, parseProjectId } from '@sideband/shared/names';
import { connectionError, shapeError } from './answer-error.ts';
import { keysetPages } from './keyset-pages.ts';
import { parseJob } from './parse-job.ts';
import type { GitLab, GitLabJob } from './port.ts';
import { readChunks, SilentError } from './read-body.ts';
import { createRequester } from './requester.ts';

/** Access level 20 in GitLab: what reading a job's log needs. */
const REPORTER = 20;
const TIMEOUT_MS = 30_000;

export interface GitLabOptions {
  readonly instance: InstanceName;
  /** The base address, with the path where GitLab lives under one. */
  readonly url: string;
  /** Asked before every request, so that a token can be changed while we run. */
  readonly token: () => Promise<string> | string;
  readonly log: Log;
  readonly clock?: Clock;
  /** For a JSON answer in all; for a log until its first byte and between any two. Default 30 s. */
  readonly timeoutMs?: number;
}

/** GitLab over its REST API. Each request is tried once, takes at most the time-out, and follows no redirect. */
export function createGitLab(options: GitLabOptions): GitLab {
  const { instance, log, clock = systemClock, timeoutMs = TIMEOUT_MS } = options;
  const resource = {
    host: options.url.replace(/\/+$/, ''),
    token: () => usableToken(options.token),
    requesterFn: createRequester({ timeoutMs, clock }),
    // Time-outs are the requester's; gitbeaker's would span all pages of a list and never a single one.
    queryTimeout: null,
    // GitLab says itself when it is too much, and for all our processes together.
    rateLimits: {},
  };
  const jobs = new Jobs(resource);
  const projects = new Projects(resource);

  return {
    instance,
    host: new URL(options.url).host,

    async *projects() {
      const query = { membership: true, minAccessLevel: REPORTER, simple: true, sort: 'asc' };
      for await (const page of keysetPages(projects.requester, 'projects', query)) {
        for (const raw of page) {
          const id = parseProjectId(isRecord(raw) ? raw['id'] : undefined);
          if (id.ok) yield id.value;
          else log.warn({ problem: id.error.message }, 'A project in a list was unreadable and is left out');
        }
      }
    },

    async job(project, id) {
      const job = parseJob(project, await jobs.show(project, id));
      const path = jobPath(project, id);
      if (!job.ok) throw shapeError(path, 'malformed', job.error.message);
      if (job.value.id !== id) throw shapeError(path, 'malformed', `id: is another job’s, ${job.value.id}`);
      return job.value;
    },

    async *jobs(project, filter) {
      const query = { sort: 'desc', ...(filter.running ? { scope: ['running'] } : {}) };
      for await (const page of keysetPages(jobs.requester, `projects/${project}/jobs`, query)) {
        yield* readable(project, page, log);
      }
    },

    async *trace(project, id) {
      const path = `${jobPath(project, id)}/trace`;
      // gitbeaker's showLog has the whole log in memory before it answers.
      const { body } = await jobs.requester.get<ReadableStream | null>(path, { asStream: true });
      if (body === null) return;
      try {
        yield* readChunks(body, timeoutMs);
      } catch (error) {
        throw connectionError(error, path, error instanceof SilentError);
      }
    },
  };
}

function* readable(project: ProjectId, page: readonly unknown[], log: Log): Generator<GitLabJob> {
  for (const raw of page) {
    const job = parseJob(project, raw);
    if (job.ok) yield job.value;
    else log.warn({ project, problem: job.error.message }, 'A job in a list was unreadable and is left out');
  }
}

/** Without this, fetch would refuse a token with a line break in it by an error that shows the token. */
async function usableToken(token: () => Promise<string> | string): Promise<string> {
  const text = await readToken(token);
  if (text !== undefined && /^[\x21-\x7e]{1,1024}$/.test(text)) return text;
  throw new SidebandError('GITLAB_REFUSED', {
    reason: 'unusable-token',
    problem: 'the token could not be read, is empty, or holds spaces or control characters',
  });
}

async function readToken(token: () => Promise<string> | string): Promise<string | undefined> {
  try {
    return await token();
  } catch {
    // Whatever it was, its text may hold the token.
    return undefined;
  }
}

function jobPath(project: ProjectId, job: JobId): string {
  return `projects/${project}/jobs/${job}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
