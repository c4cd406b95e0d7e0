import type { Millis } from '@sideband/shared/clock';

/** How far what polls found has been looked up, which is later than it was found: a queue lies between. */
export interface Progress {
  /** A poll that went through every project, from its beginning to its end. */
  polled(begunAt: Millis, endedAt: Millis): void;
  /**
   * The beginning of the last poll of which nothing waits any more. `unresolvedSince`: when the oldest job was heard
   * of that still waits; undefined where none does.
   */
  doneUpTo(unresolvedSince: Millis | undefined): Millis | undefined;
  /** What was looked up is lost: only polls from now on count. */
  forget(): void;
}

/** Hours of polls, also where they come by the second. */
const POLLS = 10_000;

export function createProgress(): Progress {
  const polls: { readonly begunAt: Millis; readonly endedAt: Millis }[] = [];
  return {
    polled: (begunAt, endedAt) => {
      // One that has waited for a limit meanwhile says less than those that overtook it.
      if ((polls.at(-1)?.begunAt ?? 0) >= begunAt) return;
      polls.push({ begunAt, endedAt });
      if (polls.length > POLLS) polls.shift();
    },
    doneUpTo: (unresolvedSince) => {
      const done = polls.findLastIndex(
        ({ endedAt }) => unresolvedSince === undefined || endedAt < unresolvedSince,
      );
      const last = polls[done];
      // Those before it say less.
      polls.splice(0, done);
      return last?.begunAt;
    },
    forget: () => void polls.splice(0),
  };
}
