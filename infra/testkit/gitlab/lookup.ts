import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access, JobRecord, ProjectRecord, Records } from './records.ts';

/** GitLab's `Gitlab::Access` numbers. */
export const accessLevels: Readonly<Record<Access, number>> = { none: 0, guest: 10, reporter: 20 };

/** The project of the path, by id or by its encoded path; answers 404 itself and gives undefined. */
export function findProject(
  records: Records,
  request: FastifyRequest,
  reply: FastifyReply,
): ProjectRecord | undefined {
  const { id = '' } = pathParameters(request);
  const project = /^\d+$/.test(id)
    ? records.projects.get(Number(id))
    : [...records.projects.values()].find((it) => it.path === id);
  if (project !== undefined && project.access !== 'none') return project;
  reply.code(404).send({ message: '404 Project Not Found' });
  return undefined;
}

/** The same for what needs `read_build`; answers 403 to a guest. */
export function findProjectOfJobs(
  records: Records,
  request: FastifyRequest,
  reply: FastifyReply,
): ProjectRecord | undefined {
  const project = findProject(records, request, reply);
  if (project === undefined || project.access !== 'guest') return project;
  reply.code(403).send({ message: '403 Forbidden' });
  return undefined;
}

/** The job of the path, if it is of the project of the path. */
export function findJob(
  records: Records,
  request: FastifyRequest,
  reply: FastifyReply,
): JobRecord | undefined {
  const project = findProjectOfJobs(records, request, reply);
  if (project === undefined) return undefined;
  const { job_id: text = '' } = pathParameters(request);
  if (!/^\d+$/.test(text)) {
    reply.code(400).send({ error: 'job_id is invalid' });
    return undefined;
  }
  const job = records.jobs.get(Number(text));
  if (job?.project === project) return job;
  reply.code(404).send({ message: '404 Not found' });
  return undefined;
}

export function pathParameters(request: FastifyRequest): Readonly<Record<string, string>> {
  return request.params as Readonly<Record<string, string>>;
}
