import type { RequestRecord } from '@sideband/infra/testkit/gitlab/requests';
import type { Millis } from '@sideband/shared/clock';
import { expect, it } from 'vitest';
import { tallyOf } from './tally.ts';

const request = (path: string, status: number | undefined, traceBytes = 0): RequestRecord => ({
  ...{ at: 0 as Millis, method: 'GET', path: `/api/v4${path}?page=1`, route: `/api/v4${path}` },
  ...{ status, traceBytes },
});

it('counts requests by what they ask for and how they were answered, the most frequent first', () => {
  const records = [
    request('/version', 200),
    request('/projects/:id/jobs/:job_id/trace', 200, 3_000),
    request('/projects/:id/jobs/:job_id/trace', 200, 2_000),
    request('/projects/:id/jobs', undefined),
  ];
  const tally = tallyOf(records);
  expect(Object.entries(tally.byRoute)).toEqual([
    ['GET /projects/:id/jobs/:job_id/trace 200', 2],
    ['GET /version 200', 1],
    ['GET /projects/:id/jobs unanswered', 1],
  ]);
  expect(tally).toMatchObject({ requests: 4, traceBytes: 5_000 });
});

it('counts nothing as nothing', () => {
  expect(tallyOf([])).toEqual({ requests: 0, byRoute: {}, traceBytes: 0 });
});
