import type { FastifyInstance } from 'fastify';
import { type Context, queryOf, refuse } from './context.ts';
import { findProjectAs } from './lookup.ts';

/** A project's CI configuration with everything it includes. */
export function addLintRoutes(app: FastifyInstance, context: Context): void {
  app.get('/projects/:id/ci/lint', (request, reply) => {
    const call = { context, request, reply };
    const project = findProjectAs(call, 'reporter');
    if (project === undefined) return reply;
    if (context.faults.refusesConfiguration(project.id)) {
      refuse(call, 403, 'Forbidden');
      return reply;
    }
    const { features } = context.presenter();
    const query = queryOf(request);
    // What this version does not know it ignores, and reads the head of the default branch.
    const contentRef = features.has('lintContentRef') ? query.get('content_ref') : null;
    const sha = features.has('lintSha') ? query.get('sha') : null;
    if (contentRef !== null && sha !== null) {
      return reply.code(400).send({ error: 'sha, content_ref are mutually exclusive' });
    }
    const result = context.configurations.lint(project.id, contentRef ?? sha ?? 'main');
    if (result !== undefined) return reply.send(result);
    refuse(call, 404, 'Commit Not Found');
    return reply;
  });
}
