import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  gitlabVersion,
  jobBasicWithProjectEntity,
  jobEntity,
  type Presenter,
  projectEntity,
  simpleProjectEntity,
} from './entities.ts';
import type { Faults } from './faults.ts';
import { accessLevels, findJob, findProject, findProjectOfJobs, pathParameters } from './lookup.ts';
import {
  cursorPage,
  keysetPage,
  offsetPage,
  type Page,
  type PageRefusal,
  type PageRequest,
  refusePage,
} from './pagination.ts';
import type { JobRecord, ProjectRecord, Records } from './records.ts';
import { traceBody } from './trace-body.ts';

// `::CommitStatus::AVAILABLE_STATUSES`.
const STATUSES = new Set(
  `created waiting_for_resource preparing waiting_for_callback pending running success failed canceling canceled
   skipped manual scheduled`.split(/\s+/),
);

export interface RouteOptions {
  readonly records: Records;
  readonly faults: Faults;
  readonly presenter: () => Presenter;
  readonly onTraceBytes: (request: FastifyRequest, bytes: number) => void;
}

/** The part of GitLab's REST API that Sideband asks, below `/api/v4`. */
export function addRoutes(app: FastifyInstance, options: RouteOptions): void {
  const { records, faults, presenter } = options;

  app.get('/version', () => gitlabVersion);
  app.get('/metadata', () => ({
    ...gitlabVersion,
    kas: { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null },
    enterprise: true,
  }));

  app.get('/projects', (request, reply) => {
    const query = queryOf(request);
    const entity = query.get('simple') === 'true' ? simpleProjectEntity : projectEntity;
    const present = (project: ProjectRecord): unknown => entity(project, presenter());
    return sendPage(request, reply, presenter(), visibleProjects(records, query), present, (all, of) =>
      query.get('pagination') === 'keyset' ? keysetPage(all, of) : offsetPage(all, of, true),
    );
  });

  app.get('/projects/:id', (request, reply) => {
    const project = findProject(records, request, reply);
    return project === undefined ? reply : reply.send(projectEntity(project, presenter()));
  });

  app.get('/projects/:id/jobs', (request, reply) => {
    const project = findProjectOfJobs(records, request, reply);
    if (project === undefined) return reply;
    const query = queryOf(request);
    const scope = [...query.getAll('scope[]'), ...query.getAll('scope')];
    if (scope.some((status) => !STATUSES.has(status))) {
      return reply.code(400).send({ error: 'scope does not have a valid value' });
    }
    const newestFirst = project.jobs
      .filter((it) => scope.length === 0 || scope.includes(it.status))
      .reverse();
    const present = (job: JobRecord): unknown => jobEntity(job, presenter());
    // GitLab never counts a project's jobs for this.
    return sendPage(request, reply, presenter(), newestFirst, present, (all, of) => jobPage(all, of, false));
  });

  app.get('/projects/:id/jobs/:job_id', (request, reply) => {
    const job = findJob(records, request, reply);
    return job === undefined ? reply : reply.send(jobEntity(job, presenter()));
  });

  app.get('/projects/:id/jobs/:job_id/trace', (request, reply) => {
    const job = findJob(records, request, reply);
    if (job === undefined) return reply;
    if (faults.hasLostTrace(job.id)) return reply.code(404).send({ message: '404 Not found' });
    // Nothing written yet and an erased log are the same to GitLab: 200 and no bytes.
    const body = traceBody(job.trace, faults.paddingOf(job.id), (it) => options.onTraceBytes(request, it));
    return reply
      .header('Content-Type', 'text/plain')
      .header('Content-Disposition', `infile; filename="${job.id}.log"`)
      .send(Readable.from(body, { highWaterMark: 1 }));
  });

  app.get('/runners/:id/jobs', (request, reply) => {
    const runnerId = Number(pathParameters(request)['id']);
    if (!records.knowsRunner(runnerId)) return reply.code(404).send({ message: '404 Not found' });
    const query = queryOf(request);
    const systemId = query.get('system_id');
    const status = query.get('status');
    const newestFirst = records
      .jobsOfRunner(runnerId)
      .filter((job) => accessLevels[job.project.access] >= accessLevels.reporter)
      .filter((job) => systemId === null || job.manager?.systemId === systemId)
      .filter((job) => status === null || job.status === status);
    const present = (job: JobRecord): unknown => jobBasicWithProjectEntity(job, presenter());
    return sendPage(request, reply, presenter(), newestFirst, present, (all, of) =>
      jobPage(all, of, systemId === null),
    );
  });
}

function visibleProjects(records: Records, query: URLSearchParams): readonly ProjectRecord[] {
  const level = Number(query.get('min_access_level') ?? 0);
  const after = Number(query.get('id_after') ?? 0);
  const before = Number(query.get('id_before') ?? Number.POSITIVE_INFINITY);
  const direction = query.get('sort') === 'asc' ? 1 : -1;
  return [...records.projects.values()]
    .filter((project) => project.access !== 'none' && accessLevels[project.access] >= level)
    .filter((project) => project.id > after && project.id < before)
    .sort((one, other) => direction * (one.id - other.id));
}

function jobPage(
  newestFirst: readonly JobRecord[],
  request: PageRequest,
  counted: boolean,
): Page<JobRecord> | PageRefusal {
  return request.query.get('pagination') === 'keyset'
    ? cursorPage(newestFirst, request)
    : offsetPage(newestFirst, request, counted);
}

function sendPage<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  presenter: Presenter,
  all: readonly T[],
  present: (item: T) => unknown,
  paginate: (all: readonly T[], request: PageRequest) => Page<T> | PageRefusal,
): FastifyReply {
  const query = queryOf(request);
  const [path = ''] = request.url.split('?');
  const pageRequest = { url: presenter.baseUrl + path, query, pathParameters: pathParameters(request) };
  const page = refusePage(query) ?? paginate(all, pageRequest);
  if ('error' in page) return reply.code(page.status).send({ error: page.error });
  return reply.headers(page.headers).send(page.items.map(present));
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, 'http://localhost').searchParams;
}
