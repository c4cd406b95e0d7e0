import type { Clock } from '@sideband/shared/clock';
import type { HostRecords } from '@sideband/shared/hosts/records';
import { type HostName, parseHostName } from '@sideband/shared/names';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Fleet } from './fleet.ts';

const hostParams = z.object({
  host: z.string().transform((text, context): HostName => {
    const parsed = parseHostName(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.error.message });
    return z.NEVER;
  }),
});

const JOURNAL_LIMIT = 500;
const journalQuery = z.object({
  limit: z.coerce
    .number(`limit: expected a whole number from 1 to ${JOURNAL_LIMIT}`)
    .int(`limit: expected a whole number from 1 to ${JOURNAL_LIMIT}`)
    .min(1, `limit: expected a whole number from 1 to ${JOURNAL_LIMIT}`)
    .max(JOURNAL_LIMIT, `limit: expected a whole number from 1 to ${JOURNAL_LIMIT}`)
    .default(50),
});

/** How far the past of one GitLab has been read. */
export interface PastRead {
  readonly instance: string;
  readonly projects: { readonly done: number; readonly total: number };
  /** Ended jobs that were found. */
  readonly found: number;
  /** In every project each job created since then was read, in milliseconds; undefined: there is nothing to read. */
  readonly reachedAt: number | undefined;
}

interface ApiOptions {
  readonly pastRead: () => Promise<readonly PastRead[]>;
  readonly fleet: Fleet;
  readonly records: HostRecords;
  readonly clock: Clock;
}

/** What the page shows, as JSON. `now` is this machine's time: ages are counted from it, not from the browser's. */
export async function apiRoutes(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { fleet, records, pastRead, clock } = options;
  app.get('/api/hosts', async () => ({ now: clock.now(), hosts: await fleet.hosts() }));

  app.get('/api/back-fill', async () => ({ now: clock.now(), gitlabs: await pastRead() }));

  app.get('/api/hosts/:host', async (request, reply) => {
    const params = hostParams.safeParse(request.params);
    if (!params.success) return badRequest(reply, params.error);
    const report = await records.report(params.data.host);
    if (report === undefined) return noReport(reply);
    return { now: clock.now(), report };
  });

  app.get('/api/hosts/:host/journal', async (request, reply) => {
    const params = hostParams.safeParse(request.params);
    if (!params.success) return badRequest(reply, params.error);
    const query = journalQuery.safeParse(request.query);
    if (!query.success) return badRequest(reply, query.error);
    return { now: clock.now(), entries: await records.journal(params.data.host, query.data.limit) };
  });
}

function noReport(reply: FastifyReply): FastifyReply {
  return reply
    .code(404)
    .send({ code: 'no-report', message: 'This host has not reported within the last day.' });
}

function badRequest(reply: FastifyReply, error: z.ZodError): FastifyReply {
  const message = error.issues.map((issue) => issue.message).join('; ');
  return reply.code(400).send({ code: 'bad-request', message });
}
