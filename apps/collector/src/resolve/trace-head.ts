import { createTraceReader, TRACE_LIMITS, type TraceHead, type TraceLimits } from './trace-reader.ts';

/**
 * Reads a job's trace from its first byte and stops as soon as the runner's preparation is over, which closes
 * the stream: a few kB of a log that may have megabytes. Throws what the stream throws.
 */
export async function readTraceHead(
  chunks: AsyncIterable<Uint8Array>,
  limits: TraceLimits = TRACE_LIMITS,
): Promise<TraceHead> {
  const reader = createTraceReader(limits);
  for await (const chunk of chunks) {
    if (reader.push(chunk)) break;
  }
  return reader.finish();
}
