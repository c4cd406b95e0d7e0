/** What became of one request, for metrics. */
export interface RequestOutcome {
  /** `GET projects/:id/jobs/:id/trace`: the ids are taken out, so there are only as many as Sideband has calls. */
  readonly route: string;
  /** The HTTP status; else why there was none. `budget` and `circuit-open`: nothing was sent. */
  readonly status: number | 'network' | 'time-out' | 'circuit-open' | 'budget';
  /** From sending it until a JSON answer was read, or a log's began, in milliseconds; 0 if nothing was sent. */
  readonly ms: number;
}

const WITHOUT_STATUS = ['network', 'time-out', 'circuit-open', 'budget'] as const;

/** Of the details of an error; `undefined` if it was none of GitLab's. */
export function outcomeStatus(
  details: Readonly<Record<string, unknown>>,
): RequestOutcome['status'] | undefined {
  const { status, reason } = details;
  return typeof status === 'number' ? status : WITHOUT_STATUS.find((known) => known === reason);
}
