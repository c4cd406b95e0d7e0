import type { FastifyInstance } from 'fastify';
import type { Context } from './context.ts';
import { addHookRoutes } from './routes-hooks.ts';
import { addInstanceRoutes } from './routes-instance.ts';
import { addJobRoutes } from './routes-jobs.ts';
import { addLintRoutes } from './routes-lint.ts';
import { addProjectRoutes } from './routes-projects.ts';
import { addRunnerRoutes } from './routes-runners.ts';
import { addTraceRoutes } from './routes-trace.ts';
import { addCoordinatorRoutes } from './runner-api/coordinator-routes.ts';

/** The parts of GitLab's REST API that Sideband and runners ask, below `/api/v4`. */
export function addRoutes(app: FastifyInstance, context: Context): void {
  addInstanceRoutes(app, context);
  addProjectRoutes(app, context);
  addJobRoutes(app, context);
  addTraceRoutes(app, context);
  addRunnerRoutes(app, context);
  addLintRoutes(app, context);
  addHookRoutes(app, context);
  addCoordinatorRoutes(app, context);
}
