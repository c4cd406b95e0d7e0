import { isSidebandError } from '@sideband/shared/errors';
import type { HeardJob, ResolverParts } from './resolver-parts.ts';
import { readTraceHead } from './trace-head.ts';
import type { TraceHead } from './trace-reader.ts';

/**
 * The head of a job's trace; `no-trace` where it is empty, erased, gone or not a runner's, `trace-refused` where the
 * token may not.
 */
export async function readTrace(
  { log }: ResolverParts,
  { key, gitlab }: HeardJob,
): Promise<TraceHead | 'no-trace' | 'trace-refused'> {
  try {
    const head = await readTraceHead(gitlab.trace(key.project, key.job));
    const { ignored } = head;
    if (ignored.length > 0) log.info({ job: key, ignored }, 'Trace has lines that were not believed');
    return head.trusted === 'nothing' ? 'no-trace' : head;
  } catch (error) {
    if (isSidebandError(error, 'GITLAB_NOT_FOUND')) return 'no-trace';
    if (!isSidebandError(error, 'GITLAB_REFUSED')) throw error;
    log.warn({ job: key, err: error }, 'Trace was refused');
    return 'trace-refused';
  }
}
