import type { FastifyReply } from 'fastify';
import { type Call, pathParameters, queryOf } from './context.ts';
import { type Page, type PageRefusal, type PageRequest, refusePage } from './pagination.ts';

/** Answers with the page that is asked for, each item as `present` shows it. */
export function sendPage<T>(
  call: Call,
  all: readonly T[],
  present: (item: T) => unknown,
  paginate: (all: readonly T[], request: PageRequest) => Page<T> | PageRefusal,
): FastifyReply {
  const { context, request, reply } = call;
  const query = queryOf(request);
  const [path = ''] = request.url.split('?');
  const origin = context.faults.linkOrigin ?? context.presenter().baseUrl;
  const pageRequest = { url: origin + path, query, pathParameters: pathParameters(request) };
  const page = refusePage(query) ?? paginate(all, pageRequest);
  if ('error' in page) return reply.code(page.status).send({ error: page.error });
  return reply.headers(page.headers).send(page.items.map(present));
}
