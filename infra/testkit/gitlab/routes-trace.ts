import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { byteRange } from './byte-range.ts';
import { type Call, type Context, refuse } from './context.ts';
import { findJob } from './lookup.ts';
import type { JobRecord } from './records.ts';
import { type Compression, traceBody } from './trace-body.ts';

/** A job's log. */
export function addTraceRoutes(app: FastifyInstance, context: Context): void {
  const { faults } = context;

  app.get('/projects/:id/jobs/:job_id/trace', (request, reply) => {
    const call = { context, request, reply };
    const job = findJob(call);
    if (job === undefined) return reply;
    if (faults.refusesTraces(job.project.id)) {
      refuse(call, 403, 'Forbidden');
      return reply;
    }
    if (faults.hasLostTrace(job.id)) {
      refuse(call, 404, 'Not found');
      return reply;
    }
    return sendTrace(call, job);
  });
}

/** Nothing written yet and an erased log are the same to GitLab: 200 and no bytes. */
function sendTrace({ context, request, reply }: Call, job: JobRecord): FastifyReply {
  const { faults } = context;
  const written = job.trace;
  const padding = faults.paddingOf(job.id);
  const total = written.length + padding;
  const range = faults.honoursRange ? byteRange(request.headers.range, total) : undefined;
  if (range === 'unsatisfiable') {
    return reply.code(416).header('Content-Range', `bytes */${total}`).send();
  }
  const compression =
    range === undefined ? chosen(faults.traceCompression, request.headers['accept-encoding']) : undefined;
  const onBytes = (bytes: number): void => context.onTraceBytes(request, bytes);
  const body = traceBody({ written, padding, range, compression, onBytes });
  if (range !== undefined) {
    reply.code(206).header('Content-Range', `bytes ${range.first}-${range.last}/${total}`);
  }
  if (faults.honoursRange) reply.header('Accept-Ranges', 'bytes');
  if (compression !== undefined)
    reply.header('Content-Encoding', compression).header('Vary', 'Accept-Encoding');
  return reply
    .header('Content-Type', 'text/plain')
    .header('Content-Disposition', `infile; filename="${job.id}.log"`)
    .send(Readable.from(body, { highWaterMark: 1 }));
}

/** The compression that is switched on, if the reader takes it. */
function chosen(
  on: Compression | undefined,
  accepted: string | string[] | undefined,
): Compression | undefined {
  const offers = String(accepted ?? '').split(/\s*,\s*/);
  return on !== undefined && offers.some((offer) => offer === on || offer.startsWith(`${on};`))
    ? on
    : undefined;
}
