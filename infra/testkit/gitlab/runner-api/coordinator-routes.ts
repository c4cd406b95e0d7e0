import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { addJobRoutes } from './job-routes.ts';
import { addRegistrationRoutes } from './registration-routes.ts';

const endpoints: ReadonlySet<string> = new Set([
  'POST /api/v4/runners',
  'DELETE /api/v4/runners',
  'POST /api/v4/runners/verify',
  'POST /api/v4/jobs/request',
  'PUT /api/v4/jobs/:id',
  'PATCH /api/v4/jobs/:id/trace',
]);

/** Whether it is the runners' own API: they authenticate by tokens of their own, and no user's limit holds for them. */
export function isOfRunners({ method, routeOptions }: FastifyRequest): boolean {
  return endpoints.has(`${method} ${routeOptions.url}`);
}

/** What gitlab-runner asks of GitLab, but for artifacts. */
export function addCoordinatorRoutes(app: FastifyInstance, { coordinator, presenter }: Context): void {
  void app.register(async (scope) => {
    // Pieces of a log end anywhere, also between two bytes of one letter.
    scope.removeContentTypeParser('text/plain');
    scope.addContentTypeParser('text/plain', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    addRegistrationRoutes(scope, coordinator);
    addJobRoutes(scope, coordinator, presenter);
  });
}
