import type { FastifyInstance } from 'fastify';
import { type Call, type Context, queryOf, refuse } from './context.ts';
import { jobBasicWithProjectEntity } from './job-entity.ts';
import { findRunner, isAdmin } from './lookup.ts';
import { jobPage, offsetPage } from './pagination.ts';
import type { JobRecord } from './records.ts';
import { accessLevels, isBelow, levelIn } from './roles.ts';
import { managerEntity, runnerDetailsEntity, runnerEntity } from './runner-entity.ts';
import type { ManagerRecord, RunnerRecord } from './runners.ts';
import { sendPage } from './send-page.ts';

/** Runners, their managers and their jobs. */
export function addRunnerRoutes(app: FastifyInstance, context: Context): void {
  const { records, presenter } = context;

  app.get('/runners', (request, reply) => {
    const call = { context, request, reply };
    const owned = records.runners.all().filter((runner) => isOwned(call, runner));
    return sendPage(call, owned, runnerEntity, (all, of) => offsetPage(all, of, true));
  });

  app.get('/runners/all', (request, reply) => {
    const call = { context, request, reply };
    if (!isAdmin(call)) {
      refuse(call, 403, 'Forbidden');
      return reply;
    }
    return sendPage(call, records.runners.all(), runnerEntity, (all, of) => offsetPage(all, of, true));
  });

  app.get('/runners/:id', (request, reply) => {
    const runner = findReadableRunner({ context, request, reply });
    if (runner === undefined) return reply;
    return reply.send(runnerDetailsEntity(runner, records.runners.managersOf(runner).at(-1)));
  });

  app.get('/runners/:id/managers', (request, reply) => {
    if (!presenter().features.has('runnerManagers')) return reply.callNotFound();
    const runner = findReadableRunner({ context, request, reply });
    if (runner === undefined) return reply;
    return reply.send(records.runners.managersOf(runner).map((manager) => asSeen(context, manager)));
  });

  app.get('/runners/:id/jobs', (request, reply) => {
    const call = { context, request, reply };
    const runner = findRunner(call);
    if (runner === undefined) return reply;
    // Unlike the runner itself, its jobs are no matter of everybody where the runner is the instance's.
    if (!isAdmin(call) && !isOwned(call, runner)) {
      refuse(call, 403, NO_ACCESS);
      return reply;
    }
    const query = queryOf(request);
    const systemId = presenter().features.has('runnerJobsSystemId') ? query.get('system_id') : null;
    const status = query.get('status');
    const token = context.tokens.of(request);
    const newestFirst = records
      .jobsOfRunner(runner.id)
      .filter((job) => levelIn(token, job.project) >= accessLevels.reporter)
      .filter((job) => systemId === null || job.manager?.systemId === systemId)
      .filter((job) => status === null || job.status === status);
    const present = (job: JobRecord): unknown => jobBasicWithProjectEntity(job, presenter());
    return sendPage(call, newestFirst, present, (all, of) => jobPage(all, of, systemId === null));
  });
}

const NO_ACCESS = 'Forbidden - No access granted';

/** The runner of the path, if the token may read it. */
function findReadableRunner(call: Call): RunnerRecord | undefined {
  const runner = findRunner(call);
  if (runner === undefined || runner.type === 'instance_type') return runner;
  return isAdmin(call) || isOwned(call, runner) ? runner : refuse(call, 403, NO_ACCESS);
}

/** Maintainers own the runners of their projects, owners those of their groups; the instance's nobody. */
function isOwned({ context, request }: Call, runner: RunnerRecord): boolean {
  const token = context.tokens.of(request);
  const role = runner.type === 'group_type' ? 'owner' : 'maintainer';
  if (accessLevels[token.role] < accessLevels[role]) return false;
  return runner.owners.some((owner) => isBelow(owner, token.memberOf));
}

function asSeen({ records }: Context, manager: ManagerRecord): unknown {
  const job = records.jobsOfRunner(manager.runner.id).find((it) => it.manager === manager);
  const contactedAt = job?.finishedAt ?? job?.startedAt ?? manager.createdAt;
  return managerEntity(manager, { contactedAt, isBusy: job?.status === 'running' });
}
