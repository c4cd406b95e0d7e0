/**
 * What one GitLab may be asked, over all collectors together: permits come back evenly, and as many as a tenth of a
 * minute's may be taken at once.
 */
export interface Budget {
  /**
   * Takes the permit for one request: 0 if it may be sent now. Otherwise nothing was taken, and this is how many
   * milliseconds to wait before asking again.
   */
  take(): Promise<number>;
  /** GitLab wants silence: nobody gets a permit for so many milliseconds. A hold is never made shorter. */
  hold(milliseconds: number): Promise<void>;
  /** Permits that could be taken now; 0 while it is held. */
  left(): Promise<number>;
}

/** The rate as two numbers: a permit comes back each `intervalMs`, and `burst` of them are kept. */
export interface BudgetRate {
  readonly intervalMs: number;
  readonly burst: number;
}

/** Of a minute's permits this part may be taken at once. */
const BURST_PART = 10;

export function budgetRate(requestsPerMinute: number): BudgetRate {
  return {
    intervalMs: 60_000 / requestsPerMinute,
    burst: Math.max(1, Math.floor(requestsPerMinute / BURST_PART)),
  };
}
