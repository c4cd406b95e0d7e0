import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { pathParameters } from '../context.ts';
import type { Coordinator } from './coordinator.ts';
import { jobSpecification } from './job-specification.ts';
import { forbid, headerOf, pickUpOf, readRunnerCall, runnerToken } from './runner-call.ts';

/** Seconds between two pieces of a log: what GitLab names while somebody watches it; else it names 60. */
const UPDATE_INTERVAL = '3';
/** gitlab-runner sends up to 1 MiB at once. */
const PATCH_BYTES = 4 * 1_024 * 1_024;

const jobUpdate = z.object({ token: z.string().optional(), state: z.string().optional() });

type RunnerJob = NonNullable<ReturnType<Coordinator['job']>>;

/** How a runner takes a job, says how it goes and sends its log. */
export function addJobRoutes(
  app: FastifyInstance,
  coordinator: Coordinator,
  presenter: () => { readonly baseUrl: string },
): void {
  app.post('/jobs/request', (request, reply) => {
    const call = readRunnerCall(request, reply);
    if (call === undefined) return reply;
    const runner = coordinator.tokens.runner(runnerToken(request, call));
    if (runner === undefined) return forbid(reply);
    const { lastUpdate } = coordinator;
    const pickUp = pickUpOf(runner, call);
    coordinator.contact(pickUp);
    const taken = call.last_update === lastUpdate ? undefined : coordinator.take(runner, pickUp);
    if (taken === undefined) return reply.code(204).header('X-GitLab-Last-Update', lastUpdate).send();
    return reply.code(201).send(jobSpecification({ ...taken, baseUrl: presenter().baseUrl }));
  });

  app.put('/jobs/:id', (request, reply) => {
    const update = jobUpdate.safeParse(request.body);
    const job = findRunning(coordinator, request, reply, update.data?.token);
    if (job === undefined) return reply;
    const { state } = update.data ?? {};
    const status = statusOf(coordinator, job, state);
    return reply
      .code(status)
      .header('Job-Status', job.record.status)
      .header('X-GitLab-Trace-Update-Interval', status === 200 ? UPDATE_INTERVAL : '1')
      .send(JSON.stringify(String(status)));
  });

  app.patch('/jobs/:id/trace', { bodyLimit: PATCH_BYTES }, (request, reply) => {
    const job = findRunning(coordinator, request, reply, undefined);
    if (job === undefined) return reply;
    const range = headerOf(request, 'content-range');
    if (range === undefined) return reply.code(400).send({ error: '400 Missing header Content-Range' });
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    // `Ci::AppendBuildTraceService`: the first number counts, the other is the body's to say.
    const from = Number.parseInt(range, 10);
    const length = coordinator.append(job, from, bytes);
    reply.header('Range', `0-${length}`);
    if (length !== from + bytes.length) return reply.code(416).send({ error: '416 Range Not Satisfiable' });
    return reply
      .code(202)
      .header('Job-Status', job.record.status)
      .header('X-GitLab-Trace-Update-Interval', UPDATE_INTERVAL)
      .send();
  });
}

function statusOf(coordinator: Coordinator, job: RunnerJob, state: string | undefined): number {
  if (state === 'success' || state === 'failed') return coordinator.end(job, state) ?? 200;
  return state === undefined || state === 'running' || state === 'pending' ? 200 : 400;
}

/** The job of the path, if the token is its own and it runs; the reply is sent where not. */
function findRunning(
  coordinator: Coordinator,
  request: FastifyRequest,
  reply: FastifyReply,
  bodyToken: string | undefined,
): RunnerJob | undefined {
  const job = coordinator.job(Number(pathParameters(request)['id']));
  if (job === undefined) {
    reply.code(404).send({ message: '404 Not found' });
    return undefined;
  }
  if ((headerOf(request, 'job-token') ?? bodyToken) !== job.token) {
    forbid(reply);
    return undefined;
  }
  if (job.record.status === 'running') return job;
  forbid(reply.header('Job-Status', job.record.status), 'Job is not running');
  return undefined;
}
