import type { FastifyInstance } from 'fastify';
import { type Context, queryOf } from './context.ts';
import type { Features } from './features.ts';
import { jobEntity } from './job-entity.ts';
import { findJob, findProjectAs } from './lookup.ts';
import { jobPage } from './pagination.ts';
import type { JobRecord } from './records.ts';
import { sendPage } from './send-page.ts';

/** The jobs of a project. */
export function addJobRoutes(app: FastifyInstance, context: Context): void {
  const { presenter } = context;

  app.get('/projects/:id/jobs', (request, reply) => {
    const call = { context, request, reply };
    const project = findProjectAs(call, 'reporter');
    if (project === undefined) return reply;
    const query = queryOf(request);
    const scope = [...query.getAll('scope[]'), ...query.getAll('scope')];
    const known = jobStatuses(presenter().features);
    if (scope.some((status) => !known.has(status))) {
      return reply.code(400).send({ error: 'scope does not have a valid value' });
    }
    const newestFirst = project.jobs
      .filter((it) => scope.length === 0 || scope.includes(it.status))
      .reverse();
    const present = (job: JobRecord): unknown => jobEntity(job, presenter());
    // GitLab never counts a project's jobs for this.
    return sendPage(call, newestFirst, present, (all, of) => jobPage(all, of, false));
  });

  app.get('/projects/:id/jobs/:job_id', (request, reply) => {
    const job = findJob({ context, request, reply });
    return job === undefined ? reply : reply.send(jobEntity(job, presenter()));
  });
}

/** `::CommitStatus::AVAILABLE_STATUSES`. */
function jobStatuses(features: Features): ReadonlySet<string> {
  return new Set([
    ...['created', 'waiting_for_resource', 'preparing'],
    ...(features.has('waitingForCallbackStatus') ? ['waiting_for_callback'] : []),
    ...['pending', 'running', 'success', 'failed'],
    ...(features.has('cancelingStatus') ? ['canceling'] : []),
    ...['canceled', 'skipped', 'manual', 'scheduled'],
  ]);
}
