import type { FastifyInstance } from 'fastify';
import { type Call, type Context, pathParameters, refuse } from './context.ts';
import { eventNames } from './hook-events.ts';
import { logEntity } from './hook-log.ts';
import type { HookRecord } from './hook-record.ts';
import type { HookEvent } from './hook-sender.ts';
import { registeredTarget } from './hook-target.ts';
import { jobHookPayload } from './job-hook.ts';
import { offsetPage } from './pagination.ts';
import { pipelineHookPayload } from './pipeline-hook.ts';
import type { JobRecord } from './records.ts';
import { findHook, type OwnerOf } from './routes-hooks.ts';
import { sendPage } from './send-page.ts';

/** What a hook delivered, sending it again, and trying the hook out. The system's hooks have none of it. */
export function addHookLogRoutes(
  app: FastifyInstance,
  context: Context,
  base: string,
  ownerOf: OwnerOf,
): void {
  const { presenter, deliveries } = context;

  app.get(`${base}/:hook_id/events`, (request, reply) => {
    if (!presenter().features.has('hookLog')) return reply.callNotFound();
    const call = { context, request, reply };
    const hook = findHook(call, ownerOf);
    if (hook === undefined) return reply;
    return sendPage(call, hook.log.toReversed(), logEntity, (all, of) => offsetPage(all, of, true));
  });

  app.post(`${base}/:hook_id/events/:hook_log_id/resend`, async (request, reply) => {
    if (!presenter().features.has('hookResend')) return reply.callNotFound();
    const call = { context, request, reply };
    const hook = findHook(call, ownerOf);
    if (hook === undefined) return reply;
    const id = Number(pathParameters(request)['hook_log_id']);
    const sent = hook.log.find((delivery) => delivery.id === id);
    if (sent === undefined) {
      refuse(call, 404, 'Not found');
      return reply;
    }
    if (sent.url !== hook.url) {
      return reply.code(422).send({ message: 'The hook URL has changed. Unable to resend the webhook.' });
    }
    const title = sent.requestHeaders['X-Gitlab-Event'] ?? '';
    const event = { trigger: sent.trigger, title, payload: JSON.parse(sent.body) as unknown };
    // What was rendered once is not rendered again.
    const target = { ...registeredTarget(hook), template: undefined };
    const status = await deliveries.sendNow(target, event, sent.requestHeaders['Idempotency-Key']);
    if (status === undefined) return reply.code(422).send({ message: 'internal error' });
    return reply.code(201).send({ response_status: status });
  });

  app.post(`${base}/:hook_id/test/:trigger`, async (request, reply) => {
    if (!presenter().features.has('hookTest')) return reply.callNotFound();
    const call = { context, request, reply };
    const hook = findHook(call, ownerOf);
    if (hook === undefined) return reply;
    const { trigger = '' } = pathParameters(request);
    if (!eventNames(hook.owner.kind, presenter().features).includes(trigger)) {
      return reply.code(400).send({ error: 'trigger does not have a valid value' });
    }
    const event = sampleEvent(call, hook, trigger);
    if (event === undefined) return reply.code(422).send({ message: 'Ensure the project has CI jobs.' });
    const status = await deliveries.sendNow(registeredTarget(hook), event);
    if (status !== undefined && status < 300) return reply.code(201).send({ message: '201 Created' });
    return reply.code(422).send({ message: status === undefined ? 'internal error' : '' });
  });
}

/** Of the newest job there is below the hook's owner; undefined where an event of jobs finds none. */
function sampleEvent({ context }: Call, hook: HookRecord, trigger: string): HookEvent | undefined {
  const presenter = context.presenter();
  if (trigger !== 'job_events' && trigger !== 'pipeline_events') {
    const payload = { object_kind: trigger.replace(/_events$/, '') };
    return { trigger: trigger.replace(/_events$/, '_hooks'), title: 'Push Hook', payload };
  }
  const job = newestJob(context, hook);
  if (job === undefined) return undefined;
  return trigger === 'job_events'
    ? { trigger: 'job_hooks', title: 'Job Hook', payload: jobHookPayload(job, presenter) }
    : { trigger: 'pipeline_hooks', title: 'Pipeline Hook', payload: pipelineHookPayload([job], presenter) };
}

function newestJob({ records }: Context, { owner }: HookRecord): JobRecord | undefined {
  const { projects, groups } = records.namespaces;
  const below = [...projects.values()].filter((project) => {
    if (owner.kind === 'project') return project.id === owner.project;
    const group = owner.kind === 'group' ? groups.get(owner.group) : undefined;
    return group !== undefined && project.path.startsWith(`${group.path}/`);
  });
  return below
    .flatMap((project) => project.jobs)
    .sort((one, other) => one.id - other.id)
    .at(-1);
}
