import type { GitLabJob } from '../gitlab/port.ts';

/** The ledger is asked about so many at a time; also GitLab's page. */
const BATCH = 100;

/**
 * The jobs of a list before the first that `isPast`, in batches. Nothing more is asked of GitLab once the signal is
 * given: then it throws the signal's reason.
 */
export async function* readDown(
  jobs: AsyncIterable<GitLabJob>,
  isPast: (job: GitLabJob) => boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly GitLabJob[], void> {
  let batch: GitLabJob[] = [];
  for await (const job of jobs) {
    signal.throwIfAborted();
    if (isPast(job)) break;
    batch.push(job);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
