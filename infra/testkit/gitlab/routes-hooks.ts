import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { type Call, type Context, pathParameters, refuse } from './context.ts';
import { hookEntity } from './hook-entity.ts';
import { hookParameters, refuseParameters } from './hook-parameters.ts';
import type { HookOwner, HookRecord } from './hook-record.ts';
import { findGroupAs, findProjectAs, isAdmin } from './lookup.ts';
import { offsetPage } from './pagination.ts';
import { addHookLogRoutes } from './routes-hook-log.ts';
import { sendPage } from './send-page.ts';

const MOST = { project: 100, group: 50, system: Number.POSITIVE_INFINITY } as const;

/** Whose hooks the path names, if the token may manage them. */
export type OwnerOf = (call: Call) => HookOwner | undefined;

/** Hooks of projects, of groups and of the whole system. */
export function addHookRoutes(app: FastifyInstance, context: Context): void {
  addRoutesBelow(app, context, '/projects/:id/hooks', projectOwner);
  addHookLogRoutes(app, context, '/projects/:id/hooks', projectOwner);
  addRoutesBelow(app, context, '/groups/:id/hooks', groupOwner);
  addHookLogRoutes(app, context, '/groups/:id/hooks', groupOwner);
  addRoutesBelow(app, context, '/hooks', systemOwner);
}

/** The hook of the path, if it is of the owner of the path. */
export function findHook(call: Call, ownerOf: OwnerOf): HookRecord | undefined {
  const owner = ownerOf(call);
  if (owner === undefined) return undefined;
  const id = Number(pathParameters(call.request)['hook_id']);
  return call.context.hooks.find(owner, id) ?? refuse(call, 404, 'Not found');
}

function addRoutesBelow(app: FastifyInstance, context: Context, base: string, ownerOf: OwnerOf): void {
  const handle =
    (answer: (call: Call) => FastifyReply): RouteHandlerMethod =>
    (request: FastifyRequest, reply: FastifyReply) =>
      answer({ context, request, reply });

  app.get(
    base,
    handle((call) => list(call, ownerOf)),
  );
  app.post(
    base,
    handle((call) => create(call, ownerOf)),
  );
  app.get(
    `${base}/:hook_id`,
    handle((call) => show(call, ownerOf)),
  );
  app.put(
    `${base}/:hook_id`,
    handle((call) => update(call, ownerOf)),
  );
  app.delete(
    `${base}/:hook_id`,
    handle((call) => remove(call, ownerOf)),
  );
}

function list(call: Call, ownerOf: OwnerOf): FastifyReply {
  const owner = ownerOf(call);
  if (owner === undefined) return call.reply;
  const present = (hook: HookRecord): unknown => hookEntity(hook, call.context.presenter());
  return sendPage(call, call.context.hooks.of(owner), present, (all, of) => offsetPage(all, of, true));
}

function create(call: Call, ownerOf: OwnerOf): FastifyReply {
  const { context, request, reply } = call;
  const owner = ownerOf(call);
  if (owner === undefined) return reply;
  const given = hookParameters(request, owner.kind, context.presenter().features);
  const { url } = given;
  if (url === undefined) return reply.code(400).send({ error: 'url is missing' });
  const wrong = refuseParameters(given);
  if (wrong !== undefined) return reply.code(422).send({ error: wrong });
  if (context.hooks.of(owner).length >= MOST[owner.kind]) {
    const error = `Maximum number of ${owner.kind} hooks (${MOST[owner.kind]}) exceeded`;
    return reply.code(422).send({ error });
  }
  const hook = context.hooks.add(owner, { ...given, url });
  return reply.code(201).send(hookEntity(hook, context.presenter()));
}

function show(call: Call, ownerOf: OwnerOf): FastifyReply {
  const hook = findHook(call, ownerOf);
  return hook === undefined ? call.reply : call.reply.send(hookEntity(hook, call.context.presenter()));
}

function update(call: Call, ownerOf: OwnerOf): FastifyReply {
  const { context, request, reply } = call;
  const hook = findHook(call, ownerOf);
  if (hook === undefined) return reply;
  const given = hookParameters(request, hook.owner.kind, context.presenter().features);
  if (Object.keys(given).length === 0) return reply.code(400).send({ error: 'No parameters provided' });
  const wrong = refuseParameters(given);
  if (wrong !== undefined) return reply.code(422).send({ error: wrong });
  context.hooks.change(hook, given);
  return reply.send(hookEntity(hook, context.presenter()));
}

function remove(call: Call, ownerOf: OwnerOf): FastifyReply {
  const hook = findHook(call, ownerOf);
  if (hook === undefined) return call.reply;
  call.context.hooks.remove(hook.id);
  return call.reply.code(204).send();
}

function projectOwner(call: Call): HookOwner | undefined {
  const project = findProjectAs(call, 'maintainer');
  return project === undefined ? undefined : { kind: 'project', project: project.id };
}

function groupOwner(call: Call): HookOwner | undefined {
  if (!call.context.presenter().features.enterprise) {
    call.reply.code(404).send({ error: '404 Not Found' });
    return undefined;
  }
  const group = findGroupAs(call, 'owner');
  return group === undefined ? undefined : { kind: 'group', group: group.id };
}

function systemOwner(call: Call): HookOwner | undefined {
  return isAdmin(call) ? { kind: 'system' } : refuse(call, 403, 'Forbidden');
}
