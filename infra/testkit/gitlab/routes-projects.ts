import type { FastifyInstance } from 'fastify';
import { type Call, type Context, queryOf } from './context.ts';
import { findGroupAs, findProject } from './lookup.ts';
import type { ProjectRecord } from './namespaces.ts';
import { keysetPage, offsetPage } from './pagination.ts';
import { groupEntity, projectEntity, simpleProjectEntity } from './project-entity.ts';
import { levelIn, membershipIn } from './roles.ts';
import { sendPage } from './send-page.ts';

/** Projects and groups. */
export function addProjectRoutes(app: FastifyInstance, context: Context): void {
  const { presenter } = context;

  app.get('/projects', (request, reply) => {
    const call = { context, request, reply };
    const query = queryOf(request);
    const isSimple = query.get('simple') === 'true';
    const present = (project: ProjectRecord): unknown =>
      isSimple ? simpleProjectEntity(project, presenter()) : asSeen(call, project);
    return sendPage(call, visibleProjects(call), present, (all, of) =>
      query.get('pagination') === 'keyset' ? keysetPage(all, of) : offsetPage(all, of, true),
    );
  });

  app.get('/projects/:id', (request, reply) => {
    const call = { context, request, reply };
    const project = findProject(call);
    return project === undefined ? reply : reply.send(asSeen(call, project));
  });

  app.get('/groups/:id', (request, reply) => {
    const group = findGroupAs({ context, request, reply }, 'guest');
    return group === undefined ? reply : reply.send(groupEntity(group, presenter()));
  });
}

function asSeen({ context, request }: Call, project: ProjectRecord): unknown {
  return projectEntity(project, context.presenter(), membershipIn(context.tokens.of(request), project));
}

function visibleProjects({ context, request }: Call): readonly ProjectRecord[] {
  const query = queryOf(request);
  const token = context.tokens.of(request);
  // A minimum counts the level as a member, as `membership` does.
  const isMembers = query.get('membership') === 'true' || query.has('min_access_level');
  const least = Math.max(1, Number(query.get('min_access_level') ?? 0));
  const after = Number(query.get('id_after') ?? 0);
  const before = Number(query.get('id_before') ?? Number.POSITIVE_INFINITY);
  const direction = query.get('sort') === 'asc' ? 1 : -1;
  return [...context.records.namespaces.projects.values()]
    .filter((project) => (isMembers ? membershipIn : levelIn)(token, project) >= least)
    .filter((project) => project.id > after && project.id < before)
    .sort((one, other) => direction * (one.id - other.id));
}
