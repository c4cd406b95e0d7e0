import type { Fleet } from '@sideband/infra/e2e/fleet';
import { quantile } from '../plan-time/quantile.ts';
import { type JobTimes, PADDING_BYTES, runJobs, type Workplace } from './run-jobs.ts';
import { type Tally, tallyOf } from './tally.ts';
import { traceBytesRead } from './trace-bytes-read.ts';

interface Quantiles {
  readonly median: number;
  readonly p99: number;
}

/** What a number of jobs cost GitLab, and how soon they became evidence. */
export interface Steady {
  readonly jobs: number;
  readonly honoursRange: boolean;
  readonly asked: Tally;
  readonly requestsPerJob: number;
  /** What GitLab handed to the connection, and what the collector took from it. */
  readonly traceBytesPerJob: { readonly sent: number; readonly read: number };
  /** The bytes read, of a whole trace. */
  readonly traceShare: number;
  readonly startToLeaseMs: Quantiles;
  readonly endToUseMs: Quantiles;
}

export async function measureSteady(
  fleet: Fleet,
  place: Workplace,
  { jobs, honoursRange, metricsUrl }: Pick<Steady, 'jobs' | 'honoursRange'> & { readonly metricsUrl: string },
): Promise<Steady> {
  const { faults, requests } = fleet.gitlab;
  faults.honourRange(honoursRange);
  const before = requests.all().length;
  const readBefore = await traceBytesRead(metricsUrl);
  const times = await runJobs(fleet, place, jobs);
  const asked = tallyOf(requests.all().slice(before));
  const read = ((await traceBytesRead(metricsUrl)) - readBefore) / jobs;
  return {
    ...{ jobs, honoursRange, asked, traceBytesPerJob: { sent: asked.traceBytes / jobs, read } },
    requestsPerJob: asked.requests / jobs,
    traceShare: read / PADDING_BYTES,
    startToLeaseMs: quantilesOf(times, 'startToLease'),
    endToUseMs: quantilesOf(times, 'endToUse'),
  };
}

function quantilesOf(times: readonly JobTimes[], of: keyof JobTimes): Quantiles {
  const values = times.map((each) => each[of]);
  return { median: quantile(values, 0.5), p99: quantile(values, 0.99) };
}
