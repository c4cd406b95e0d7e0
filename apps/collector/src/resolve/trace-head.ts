import { setImmediate } from 'node:timers/promises';
import { createTraceReader, TRACE_LIMITS, type TraceHead, type TraceLimits } from './trace-reader.ts';

/** Hooks are answered by this thread, and 64 KiB of line feeds take it 0.2 s: this much is read at a time. */
const SLICE_BYTES = 4_096;

/**
 * Reads a job's trace from its first byte and stops as soon as the runner's preparation is over, which closes
 * the stream: a few kB of a log that may have megabytes. Throws what the stream throws.
 */
export async function readTraceHead(
  chunks: AsyncIterable<Uint8Array>,
  limits: TraceLimits = TRACE_LIMITS,
): Promise<TraceHead> {
  const reader = createTraceReader(limits);
  for await (const slice of slicesOf(chunks)) {
    if (reader.push(slice)) break;
  }
  return reader.finish();
}

async function* slicesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += SLICE_BYTES) {
      if (at > 0) await setImmediate();
      yield chunk.subarray(at, at + SLICE_BYTES);
    }
  }
}
