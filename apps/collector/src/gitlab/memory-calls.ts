import type { SidebandError } from '@sideband/shared/errors';

/** What an in-memory twin lets a test say and see of its calls. */
export interface MemoryCalls<Method extends string> {
  /** Every call of the method fails with the error from now on; `undefined` ends that. */
  fail(method: Method, error: SidebandError | undefined): void;
  /** How often the method was called, failures included. */
  calls(method: Method): number;
}

export function createMemoryCalls<Method extends string>(): MemoryCalls<Method> & {
  /** A call of the method begins: counted, and failed if it is to fail. */
  begin(method: Method): void;
} {
  const failures = new Map<Method, SidebandError>();
  const counts = new Map<Method, number>();
  return {
    begin(method) {
      counts.set(method, (counts.get(method) ?? 0) + 1);
      const failure = failures.get(method);
      if (failure !== undefined) throw failure;
    },
    fail(method, error) {
      if (error === undefined) failures.delete(method);
      else failures.set(method, error);
    },
    calls: (method) => counts.get(method) ?? 0,
  };
}
