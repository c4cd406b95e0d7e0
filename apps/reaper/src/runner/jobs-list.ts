import { type JobId, parseJobId } from '@sideband/shared/names';

/** A job in the runner's list. */
export interface ListedJob {
  /** Host (and port) of the job's address: `gitlab.example.com`. */
  readonly gitlab: string;
  /** `https://gitlab.example.com/group/project`, as it is written: the runner's labels have the very same. */
  readonly projectUrl: string;
  readonly job: JobId;
}

// commands/builds_helper.go, ListJobsHandler. State, stage and executor stage are empty until the job has got that far.
const LINE =
  /^url=(\S{1,2048}) state=([a-z]{0,32}) stage=\S{0,128} executor_stage=\S{0,128} duration=((?:\d{1,6}h)?(?:\d{1,2}m)?\d{1,3}(?:\.\d{1,9})?(?:ms|µs|ns|s))$/;
const JOB_PATH = /^\/[^?#]+\/-\/jobs\/(\d{1,16})$/;

// Of the runner's states (common/build.go); one that is being canceled needs no further image either.
const ENDED: ReadonlySet<string> = new Set([
  ...['success', 'failed', 'canceled', 'finished', 'terminated', 'timedout', 'aborted'],
]);

/**
 * Reads version 2 of the runner's list, one job a line. Leaves out jobs that have ended and those an hour old: their
 * preparation is over, and the list has them until the end, also where their containers are on another host.
 * `unread`: lines that are none of the runner's.
 */
export function readJobsList(text: string): {
  readonly jobs: readonly ListedJob[];
  readonly unread: number;
} {
  const lines = text.split('\n').filter((line) => line !== '');
  const read = lines.map(readLine).filter((line) => line !== undefined);
  return {
    jobs: read.filter((line) => line.mayPrepare).map((line) => line.job),
    unread: lines.length - read.length,
  };
}

function readLine(line: string): { readonly job: ListedJob; readonly mayPrepare: boolean } | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, url = '', state = '', duration = ''] = match;
  const job = readJobUrl(url);
  // Go writes a duration's hours only where there are some.
  return job && { job, mayPrepare: !ENDED.has(state) && !duration.includes('h') };
}

function readJobUrl(text: string): ListedJob | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  const job = parseJobId(Number(JOB_PATH.exec(url.pathname + url.search + url.hash)?.[1]));
  if (!job.ok) return undefined;
  return { gitlab: url.host, projectUrl: text.slice(0, text.lastIndexOf('/-/jobs/')), job: job.value };
}
