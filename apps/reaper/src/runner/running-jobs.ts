import { type Clock, type Millis, msLeft } from '@sideband/shared/clock';
import { errorText } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { quote } from '@sideband/shared/quote';
import { ok, type Result, refuse } from '@sideband/shared/result';
import { type ListedJob, readJobsList } from './jobs-list.ts';

/** The jobs a runner says it is working on, from the moment it has accepted them: before any container is there. */
interface RunningJobs {
  /** Never throws: what the runner does not say protects nothing. */
  list(): Promise<readonly ListedJob[]>;
}

interface RunningJobsSource {
  /** The runner's `listen_address`: `http://127.0.0.1:9252`. */
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly log: Log;
  /** For the whole answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** A runner that hangs costs its whole time-out, before every deletion: so it is left alone for a while. */
const REST_MS = 30_000;
const PATH = '/debug/jobs/list';
/** Since gitlab-runner 13.0 the only one; it names the job's address, which version 1 does not. */
const VERSION = '2';
// A job takes about 150 bytes, and no host runs thousands.
const LIMIT_BYTES = 1_000_000;

/** Asks the runner itself. What goes wrong is logged when it begins and when it is over, not each time. */
export function createRunningJobs({ url, fetch, log, timeoutMs, clock }: RunningJobsSource): RunningJobs {
  let failedAt: Millis | undefined;
  let isFailing = false;

  function tell(why: string | undefined): void {
    if (why !== undefined && !isFailing) log.warn({ url, why }, 'The runner’s list of jobs cannot be read');
    if (why === undefined && isFailing) log.info({ url }, 'The runner’s list of jobs is read again');
    isFailing = why !== undefined;
  }

  return {
    list: async () => {
      if (msLeft(failedAt, REST_MS, clock) > 0) return [];
      const text = await readText(new URL(PATH, url), fetch, timeoutMs);
      failedAt = text.ok ? undefined : clock.now();
      const { jobs, unread } = readJobsList(text.ok ? text.value : '');
      const why = unread === 0 ? undefined : `${unread} of its lines are none of a runner's`;
      tell(text.ok ? why : text.error);
      return jobs;
    },
  };
}

async function readText(
  address: URL,
  fetch: RunningJobsSource['fetch'],
  timeoutMs: number,
): Promise<Result<string, string>> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(address, { signal, redirect: 'manual', headers: { accept: 'text/plain' } });
    const version = response.headers.get('x-list-version') ?? '';
    if (response.status !== 200 || version !== VERSION) {
      await response.body?.cancel();
      return refuse(`it answered ${response.status} with list version ${quote(version)}`);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    // Leaving this loop gives the connection up.
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > LIMIT_BYTES) return refuse(`it is longer than ${LIMIT_BYTES} bytes`);
      chunks.push(chunk);
    }
    return ok(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    // fetch says only that it failed; why is in the cause.
    return refuse(errorText(error instanceof Error && error.cause !== undefined ? error.cause : error));
  }
}
