import type { Millis } from '@sideband/shared/clock';
import type { JobRecord } from './records.ts';

/** GitLab's JSON time, in milliseconds; null for what has not happened. */
export function iso(time: Millis | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

/** `2021-02-23T02:41:37Z` */
export function isoSeconds(time: Millis | undefined): string | null {
  return iso(time)?.replace(/\.\d+Z$/, 'Z') ?? null;
}

/** `2016-08-12 15:26:29 UTC`, as Ruby prints a time. */
export function rubyTime(time: Millis | undefined): string | null {
  return isoSeconds(time)?.replace('T', ' ').replace('Z', ' UTC') ?? null;
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
