import { type Call, pathParameters, refuse } from './context.ts';
import type { GroupRecord, ProjectRecord } from './namespaces.ts';
import type { JobRecord } from './records.ts';
import { accessLevels, levelIn, levelInGroup, type Role } from './roles.ts';
import type { RunnerRecord } from './runners.ts';

/** The project of the path, by id or by its encoded path. */
export function findProject(call: Call): ProjectRecord | undefined {
  const { namespaces } = call.context.records;
  const { id = '' } = pathParameters(call.request);
  const project = /^\d+$/.test(id) ? namespaces.projects.get(Number(id)) : namespaces.projectAt(id);
  const token = call.context.tokens.of(call.request);
  if (project !== undefined && levelIn(token, project) > 0) return project;
  return refuse(call, 404, 'Project Not Found');
}

/** The same where less than this role is not enough: 403. */
export function findProjectAs(call: Call, role: Role): ProjectRecord | undefined {
  const project = findProject(call);
  if (project === undefined) return undefined;
  const level = levelIn(call.context.tokens.of(call.request), project);
  return level >= accessLevels[role] ? project : refuse(call, 403, 'Forbidden');
}

export function findGroupAs(call: Call, role: Role): GroupRecord | undefined {
  const { namespaces } = call.context.records;
  const { id = '' } = pathParameters(call.request);
  const group = /^\d+$/.test(id) ? namespaces.groups.get(Number(id)) : namespaces.groupAt(id);
  const level = group === undefined ? 0 : levelInGroup(call.context.tokens.of(call.request), group.path);
  if (group === undefined || level === 0) return refuse(call, 404, 'Group Not Found');
  return level >= accessLevels[role] ? group : refuse(call, 403, 'Forbidden');
}

/** The job of the path, if it is of the project of the path. */
export function findJob(call: Call): JobRecord | undefined {
  const project = findProjectAs(call, 'reporter');
  if (project === undefined) return undefined;
  const { job_id: text = '' } = pathParameters(call.request);
  if (!/^\d+$/.test(text)) {
    call.reply.code(400).send({ error: 'job_id is invalid' });
    return undefined;
  }
  const job = call.context.records.jobs.get(Number(text));
  return job?.project === project ? job : refuse(call, 404, 'Not found');
}

/** The runner of the path, whoever asks. */
export function findRunner(call: Call): RunnerRecord | undefined {
  const runner = call.context.records.runners.find(Number(pathParameters(call.request)['id']));
  return runner ?? refuse(call, 404, 'Not found');
}

export function isAdmin(call: Call): boolean {
  return call.context.tokens.of(call.request).role === 'admin';
}
