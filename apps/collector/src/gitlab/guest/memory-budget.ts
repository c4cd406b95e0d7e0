import { type Clock, msLeft } from '@sideband/shared/clock';
import { type Budget, budgetRate } from './budget.ts';

/** The budget of this process alone. */
export function createMemoryBudget(requestsPerMinute: number, clock: Clock): Budget {
  const { intervalMs, burst } = budgetRate(requestsPerMinute);
  const fullMs = intervalMs * burst;
  /** When all permits will be there again (GCRA's theoretical arrival time). */
  let fullAt = 0;
  let held = { since: 0, spanMs: 0 };

  const heldMs = (): number => msLeft(held.since, held.spanMs, clock);
  /** What is owed now. A clock that was set back cannot make it more than everything. */
  const owedMs = (): number => Math.min(fullMs, Math.max(0, fullAt - clock.now()));

  return {
    async take() {
      const silence = heldMs();
      if (silence > 0) return silence;
      const owed = owedMs() + intervalMs;
      if (owed > fullMs) return Math.ceil(owed - fullMs);
      fullAt = clock.now() + owed;
      return 0;
    },

    async hold(milliseconds) {
      if (milliseconds > heldMs()) held = { since: clock.now(), spanMs: milliseconds };
    },

    async left() {
      return heldMs() > 0 ? 0 : Math.floor((fullMs - owedMs()) / intervalMs);
    },
  };
}
