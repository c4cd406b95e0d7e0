import type { RequestRecord } from '@sideband/infra/testkit/gitlab/requests';

/** What was asked, and what of traces was handed out for it. */
export interface Tally {
  readonly requests: number;
  /** `GET /projects/:id/jobs/:job_id/trace 200` → how many, the most frequent first. */
  readonly byRoute: Readonly<Record<string, number>>;
  /** Handed to the connection: what a reader that stops early leaves in it is counted too. */
  readonly traceBytes: number;
}

export function tallyOf(records: readonly RequestRecord[]): Tally {
  const counts = new Map<string, number>();
  for (const { method, route, status } of records) {
    const key = `${method} ${route.replace('/api/v4', '')} ${status ?? 'unanswered'}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return {
    requests: records.length,
    byRoute: Object.fromEntries([...counts].sort(([, one], [, other]) => other - one)),
    traceBytes: records.reduce((sum, { traceBytes }) => sum + traceBytes, 0),
  };
}
