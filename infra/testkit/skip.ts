import { describe, test } from 'vitest';

interface Runners {
  readonly describe: (title: string, body: () => void) => void;
  readonly test: (title: string, body: () => void | Promise<void>, timeoutMs?: number) => void;
}

/**
 * `describe` and `test` for what cannot run everywhere: `skipBecause(whyNoSandbox()).describe('a reap', …)`.
 * With a reason they skip and put it into the title, where `npm test` finds it and shows it at its end.
 */
export function skipBecause(reason: string | undefined): Runners {
  if (reason === undefined) return { describe, test };
  const withReason = (title: string): string => `${title} [skipped: ${reason}]`;
  return {
    describe: (title, body) => describe.skip(withReason(title), body),
    test: (title, body, timeoutMs) => test.skip(withReason(title), body, timeoutMs),
  };
}
